BEGIN TRANSACTION;
CREATE TABLE contacts (
        fixture TEXT NOT NULL, slot TEXT NOT NULL, count INTEGER NOT NULL, ohms REAL NOT NULL
    ) STRICT;
INSERT INTO "contacts" VALUES('sim','slot1',1,0.0015);
CREATE TABLE cycles (
        fixture TEXT NOT NULL, slot TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (fixture, slot)
    ) STRICT;
INSERT INTO "cycles" VALUES('sim','slot1',1);
CREATE TABLE runs (
    run_id TEXT PRIMARY KEY,
    serial TEXT NOT NULL,
    product TEXT NOT NULL,
    slot TEXT NOT NULL,
    station TEXT NOT NULL,
    fixture TEXT NOT NULL,
    operator TEXT,
    simulated INTEGER NOT NULL,
    started TEXT NOT NULL,
    ended TEXT NOT NULL,
    seconds REAL NOT NULL,
    verdict TEXT NOT NULL,
    board_verdict TEXT,
    grade TEXT,
    failure_code TEXT,
    failure_text TEXT,
    chips_found INTEGER,
    board_rate REAL,
    watts REAL,
    joules_per_terahash REAL,
    record TEXT NOT NULL
) STRICT
;
INSERT INTO "runs" VALUES('20260101T080000-00c0de','SIM0000000000001A','s21pro','slot1','bench-3','sim','Ada',1,'2026-01-01T08:00:00+00:00','2026-01-01T08:01:01.500000+00:00',61.5,'PASS','PASS','L1',NULL,NULL,65,0.9991,1051.2,NULL,'{"schema_version":1,"run_id":"20260101T080000-00c0de","serial":"SIM0000000000001A","product":"s21pro","slot":"slot1","station":"bench-3","fixture":"sim","operator":"Ada","simulated":true,"started":"2026-01-01T08:00:00Z","made_by":{"rig_version":"0.1.0","code_hash":null,"plan":{"recipe.yaml":"abababababababababababababababababababababababababababababababab"},"backend":"native, SHA-NI","connector_cycles":null,"fixture_cycles":null},"ended":"2026-01-01T08:01:01.500000Z","seconds":61.5,"verdict":"PASS","board_verdict":"PASS","grade":"L1","failure_code":null,"failure_text":null,"chips_found":65,"board_rate":0.9991,"watts":1051.2,"joules_per_terahash":null,"findings":[],"measurements":[{"name":"start_celsius","says":"sensors before power","unit":"celsius","over":"sensor","values":[24.5,25.0,25.25,26.0],"limit":null,"marginal_limit":null,"code":null,"outcome":"RECORDED","failing":[],"marginal":[],"attempt":1,"at_seconds":1.5},{"name":"chips_found","says":"chips found","unit":"chips","over":"board","values":[65.0],"limit":"= 65","marginal_limit":null,"code":"CHAIN-SHORT","outcome":"PASS","failing":[],"marginal":[],"attempt":1,"at_seconds":3.0},{"name":"board_watts","says":"board power","unit":"W","over":"board","values":[1051.2],"limit":"<= 1085","marginal_limit":"<= 1100","code":"POWER-HIGH","outcome":"PASS","failing":[],"marginal":[],"attempt":1,"at_seconds":4.5},{"name":"domain_volts","says":"volts of each domain","unit":"V","over":"domain","values":[1.046,1.046,1.046,1.046,1.046,1.046,1.046,1.046,1.046,1.046,1.046,1.046,1.046],"limit":">= 0.9 and <= 1.2","marginal_limit":null,"code":"DOMAIN-VOLTS","outcome":"PASS","failing":[],"marginal":[],"attempt":1,"at_seconds":6.0}],"not_taken":[],"events":[{"at_seconds":0.5,"kind":"phase","text":"bring-up"}],"instruments":[{"role":"supply","identity":"RIGSIM,SPS20-120,slot1,1.0","calibrated":null,"certificate":null,"calibration_due":null,"calibration_overdue":false}]}');
INSERT INTO "runs" VALUES('20260101T090000-ffffff','SIM0000000000001A','s21pro','slot1','bench-3','sim','Ada',1,'2026-01-01T08:00:00+00:00','2026-01-01T08:01:01.500000+00:00',61.5,'FAIL','FAIL',NULL,'CHAIN-SHORT','CHAIN-SHORT: chips found: 32 chips, limit = 65.',65,0.9991,1051.2,NULL,'{"schema_version":1,"run_id":"20260101T090000-ffffff","serial":"SIM0000000000001A","product":"s21pro","slot":"slot1","station":"bench-3","fixture":"sim","operator":"Ada","simulated":true,"started":"2026-01-01T08:00:00Z","made_by":{"rig_version":"0.1.0","code_hash":null,"plan":{"recipe.yaml":"abababababababababababababababababababababababababababababababab"},"backend":"native, SHA-NI","connector_cycles":null,"fixture_cycles":null},"ended":"2026-01-01T08:01:01.500000Z","seconds":61.5,"verdict":"FAIL","board_verdict":"FAIL","grade":null,"failure_code":"CHAIN-SHORT","failure_text":"CHAIN-SHORT: chips found: 32 chips, limit = 65.","chips_found":65,"board_rate":0.9991,"watts":1051.2,"joules_per_terahash":null,"findings":[{"code":"CHAIN-SHORT","party":"board","severity":"FAIL","text":"CHAIN-SHORT: chips found: 32 chips, limit = 65.","place":"Here.","causes":[],"action":"Act <now> & here.","retest":"Once.","evidence":["chips found: 32 chips, limit = 65"],"chip":null,"domain":null,"sensor":null,"consequence":false}],"measurements":[{"name":"start_celsius","says":"sensors before power","unit":"celsius","over":"sensor","values":[24.5,25.0,25.25,26.0],"limit":null,"marginal_limit":null,"code":null,"outcome":"RECORDED","failing":[],"marginal":[],"attempt":1,"at_seconds":1.5},{"name":"chips_found","says":"chips found","unit":"chips","over":"board","values":[32.0],"limit":"= 65","marginal_limit":null,"code":"CHAIN-SHORT","outcome":"FAIL","failing":[0],"marginal":[],"attempt":1,"at_seconds":3.0}],"not_taken":["board_watts","domain_volts"],"events":[{"at_seconds":0.5,"kind":"phase","text":"bring-up"}],"instruments":[{"role":"supply","identity":"RIGSIM,SPS20-120,slot1,1.0","calibrated":null,"certificate":null,"calibration_due":null,"calibration_overdue":false}]}');
CREATE INDEX runs_by_serial ON runs (serial, started);
COMMIT;
PRAGMA user_version = 1;
