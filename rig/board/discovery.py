"""Who answers on the chain: every chip is asked for its id, and replies are counted until silence."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rig.bm13xx.commands import ReadRegister
from rig.bm13xx.models import ChipModel
from rig.bm13xx.registers import Register
from rig.bm13xx.replies import LONG, RegisterReply, ReplyDecoder, ReplyForm
from rig.board.commanding import Commander
from rig.slot import Slot

MOST_TRIES = 16                 # on a wire that loses bytes a clean try may take several
CLEAN_ODD_TRIES = 2             # one retry: a count that is short, or odd, twice is the board's own
MOST_SECONDS = 5.0              # chips that never stop talking must not hold the run
SURPLUS_SECONDS = 0.03          # beyond the expected number, where a count need not wait for silence


@dataclass(frozen=True, slots=True)
class Enumeration:
    """One try: id and address as each chip that answered gave them, in order of arrival.

    ``damaged_bytes`` came in beside whole replies: 0 on a clean wire, and only then the count is
    the board's.
    """

    baud: int
    chip_ids: tuple[int, ...]
    addresses: tuple[int, ...]
    damaged_bytes: int

    @property
    def count(self) -> int:
        return len(self.chip_ids)

    @property
    def clean(self) -> bool:
        return self.damaged_bytes == 0


@dataclass(frozen=True, slots=True)
class Discovery:
    """Every try made at one point of the bring-up; a retry adds, it hides nothing."""

    expected: int               # chips
    chip_id: int                # the model's
    tries: tuple[Enumeration, ...]

    @property
    def sound(self) -> tuple[Enumeration, ...]:
        """The tries whose count means something: the clean ones, or all when none was."""
        return tuple(one for one in self.tries if one.clean) or self.tries

    @property
    def counts(self) -> tuple[int, ...]:
        return tuple(one.count for one in self.sound)

    @property
    def chip_ids(self) -> tuple[int, ...]:
        """Ids of the last sound try, nearest chip first as far as chips answer in order."""
        return self.sound[-1].chip_ids if self.tries else ()

    @property
    def foreign_ids(self) -> dict[int, int]:
        """Position in the chain → id, of chips that are another model."""
        return {at: found for at, found in enumerate(self.chip_ids) if found != self.chip_id}

    @property
    def damaged_bytes(self) -> int:
        return sum(one.damaged_bytes for one in self.tries)

    @property
    def complete(self) -> bool:
        """Full count in every sound try, a clean one among them, and no other model."""
        full = all(count == self.expected for count in self.counts)
        return full and any(one.clean for one in self.tries) and not self.foreign_ids

    def plus(self, one: Enumeration) -> Discovery:
        """With one more try."""
        return replace(self, tries=(*self.tries, one))

    def settled(self) -> bool:
        """Whether another try would add nothing."""
        clean = [one for one in self.tries if one.clean]
        good_at_last = bool(clean) and clean[-1].count == self.expected and self._plain(clean[-1])
        return good_at_last or len(clean) >= CLEAN_ODD_TRIES or len(self.tries) >= MOST_TRIES

    @property
    def damaged_tries(self) -> int:
        """How many tries came damaged, when none came clean; else 0."""
        return 0 if any(one.clean for one in self.tries) else len(self.tries)

    def _plain(self, one: Enumeration) -> bool:
        """Whether a full count looks as it should: the model's ids, addresses all given or none.

        If not, the wire may have turned a reply that passed its checksum: once is no proof.
        """
        return set(one.chip_ids) == {self.chip_id} and len(set(one.addresses)) in (1, one.count)


def enumerate_chain(
    slot: Slot, commander: Commander, model: ChipModel, *, baud: int, silence_seconds: float,
    expected: int | None = None,
) -> Enumeration:
    """Broadcast a read of CHIP_ID and collect replies until ``silence_seconds`` without a byte.

    ``baud`` is the host's present rate. Once ``expected`` chips have answered, a moment for any
    surplus is enough: a full chain is counted quickly, a short one patiently. Raises LinkError.
    """
    # Version rolling is on by now, so every whole reply has eleven bytes; all else is damage.
    decoder = ReplyDecoder(model, ReplyForm.LONG)
    slot.link.flush_input()
    commander.send(ReadRegister(Register.CHIP_ID))
    replies: list[RegisterReply] = []
    received = 0
    wait = silence_seconds
    give_up = slot.clock.now() + MOST_SECONDS
    while slot.clock.now() < give_up and (data := slot.link.read(wait)):
        received += len(data)
        replies += decoder.feed(data).registers
        if expected is not None and len(replies) >= expected:
            wait = SURPLUS_SECONDS
    ids = [reply for reply in replies if reply.register == Register.CHIP_ID]
    return Enumeration(
        baud=baud,
        chip_ids=tuple(reply.value >> 16 for reply in ids),
        addresses=tuple(reply.address for reply in ids),
        damaged_bytes=received - LONG * len(ids),
    )
