"""From all that was seen to ranked findings: a pure function."""

from __future__ import annotations

from rig.recipe.failures import Failures
from rig.verdict.chain_rules import chain_rules
from rig.verdict.chip_rules import chip_rules
from rig.verdict.codes import explains
from rig.verdict.evidence import Evidence
from rig.verdict.finding import Fact, Finding
from rig.verdict.other_rules import limit_rules, missing_rules, side_rules
from rig.verdict.severity import Verdict, worst
from rig.verdict.station_rules import ending_rules, wire_rules

RULES = (ending_rules, side_rules, chain_rules, wire_rules, chip_rules)


def diagnose(evidence: Evidence, failures: Failures) -> tuple[Finding, ...]:
    """All findings, the one that names the failure first.

    A failed limit whose code another finding covers gives way to it; one that another finding
    explains stays as a consequence. What was not taken is the rig's own fault (STN-SOFTWARE),
    unless the run ended early or the board failed: then the rest need not be taken.
    """
    common: dict[str, Fact] = {"slot": evidence.slot, "serial": evidence.serial, "chips": evidence.chips}
    drafts = [draft for rule in (*RULES, limit_rules) for draft in rule(evidence)]
    causes = [draft for draft in drafts if not draft.of_limit]
    limits = [
        draft for draft in drafts if draft.of_limit and not any(cause.covers(draft) for cause in causes)
    ]
    findings = [cause.in_words(failures, common) for cause in causes]
    for draft in limits:
        follows = any(explains(cause.code, draft.code) for cause in causes)
        findings.append(draft.in_words(failures, common, consequence=follows))
    if worst(finding.severity for finding in findings) < Verdict.FAIL:
        findings += [draft.in_words(failures, common) for draft in missing_rules(evidence)]
    return tuple(sorted(findings, key=lambda finding: finding.order))
