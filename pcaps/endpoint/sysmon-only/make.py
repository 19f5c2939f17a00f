import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import NEIGHBOUR, WORKSTATION, at, write
from sysmon import CURL, NAME_ERROR, NO_GUID, POWERSHELL, TELEGRAM, TIMEOUT, Log, in_order, lines


def make(folder: Path) -> None:
    workstation, neighbour = Log(WORKSTATION, ships=False), Log(NEIGHBOUR, ships=False)
    nobody = replace(CURL, pid=6101, user="-")
    workstation.asked(POWERSHELL, at(0))
    workstation.asked(POWERSHELL, at(10), "-", status=NAME_ERROR)
    workstation.asked(POWERSHELL, at(20), "", status=TIMEOUT, name="API.Telegram.org")
    workstation.asked(POWERSHELL, at(30), name="web.telegram.org")
    workstation.asked(POWERSHELL, at(40), name="x.api.telegram.org")
    workstation.asked(replace(TELEGRAM, image=TELEGRAM.image.upper()), at(50))
    neighbour.asked(nobody, at(60))
    neighbour.asked(CURL.seen_as(guid=NO_GUID), at(70))
    neighbour.asked(POWERSHELL, at(80))
    write(folder, "events.jsonl", lines(in_order(workstation, neighbour)))


if __name__ == "__main__":
    make(Path(__file__).parent)
