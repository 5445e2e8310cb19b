"""Kill -9 in the middle of a real import and of a real sheet: finished after the restart, once."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.servers import Site, wait_for

pytestmark = pytest.mark.servers
PEOPLE = 1200

CONFIRMED_IMPORT = f"""
from members.actions.roster_import import confirm, upload
from members.models import Appointment, Organization, User
from portal.actions import job as jobs
root = Organization.objects.add_root({{"name": "区委", "code": "R", "kind": "committee"}})
Organization.objects.add_child(root, {{"name": "第一党支部", "code": "B", "kind": "branch"}})
office = User.objects.create(username="office", name="办公室")
Appointment.objects.create(user=office, organization=root, role="office")
rows = "".join(f"党员甲{{chr(0x4E00 + n)}},第一党支部,N{{n:05}}\\n" for n in range({PEOPLE}))
roster = upload(organization=Organization.objects.get(pk=root.pk), name="名册.csv", content=("姓名,所在支部,党员编号\\n" + rows).encode(), by=office)
jobs.run(job_id=roster.check_job_id)
roster.refresh_from_db()
assert confirm(roster=roster, by=office), roster.report
"""
PRINT = """
from members.models import Organization, User
from portal.actions.job import submit
submit(kind="print", title="党员名册", by=User.objects.get(),
       params={"document": "roll", "params": {"organization": str(Organization.objects.get(code="B").pk)}, "format": "pdf"})
"""
FILE = "from portal.models import Job; answer = Job.objects.order_by('-pk').first().read_file()[:5].decode()"


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as made:
        made.migrate()
        yield made


def last_job(site: Site, column: str = "state") -> Any:
    return site.column(f"select {column} from portal_job order by id desc limit 1")[0]


def count(site: Site, rows: str) -> int:
    return int(site.column(f"select count(*) from {rows}")[0])


def kill_while_running(site: Site) -> None:
    """A worker takes the job and is killed before it has finished."""
    worker = site.start_worker()
    wait_for(lambda: last_job(site) != "queued", seconds=60, pause=0.01)
    worker.kill()
    worker.wait()
    assert [last_job(site), last_job(site, "attempts")] == ["running", 1], "killed in the middle"


def finish(site: Site) -> None:
    site.start_worker()
    wait_for(lambda: last_job(site) == "done", seconds=90)
    assert last_job(site, "attempts") == 2


def test_an_import_and_a_sheet_survive_the_death_of_their_worker(site: Site) -> None:
    site.run(CONFIRMED_IMPORT)
    kill_while_running(site)
    assert count(site, "members_member") == 0
    finish(site)
    assert count(site, "members_member") == PEOPLE
    for child in site.children:
        child.kill()
    site.run(PRINT)
    kill_while_running(site)
    finish(site)
    assert site.run(FILE) == "%PDF-"
    assert count(site, "portal_job where kind = 'print' and state = 'done'") == 1
