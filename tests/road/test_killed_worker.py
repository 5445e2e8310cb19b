"""Kill -9 in the middle of a real import and of a real sheet: finished after the restart, once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

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
KILLER = """
import os, pathlib, signal, time
from portal.models import Job
pathlib.Path({watching!r}).touch()
while Job.objects.order_by('-pk').first().state == 'queued': time.sleep(0.01)
os.kill(int(pathlib.Path({pid!r}).read_text()), signal.SIGKILL)
"""
STATE = "from portal.models import Job; job = Job.objects.order_by('-pk').first(); answer = [job.state, job.attempts]"
COUNT = "from members.models import Member; answer = Member.objects.count()"
FILE = "from portal.models import Job; answer = Job.objects.order_by('-pk').first().read_file()[:5].decode()"
FILES = "from portal.models import Job; answer = Job.objects.filter(kind='print', state='done').count()"


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as made:
        made.migrate()
        yield made


def kill_while_running(site: Site) -> None:
    """A worker takes the job and is killed before it has finished."""
    watching, pid = site.folder / "watching", site.folder / "worker.pid"
    with ThreadPoolExecutor(1) as pool:
        killer = pool.submit(site.run, KILLER.format(watching=str(watching), pid=str(pid)))
        wait_for(watching.exists, 60)
        worker = site.start_worker()
        pid.write_text(str(worker.pid))
        killer.result()
    watching.unlink()
    pid.unlink()
    worker.wait()
    assert site.run(STATE) == ["running", 1], "killed in the middle"


def finish(site: Site) -> None:
    site.start_worker()
    wait_for(lambda: site.run(STATE)[0] == "done", seconds=90, pause=1)


def test_an_import_and_a_sheet_survive_the_death_of_their_worker(site: Site) -> None:
    site.run(CONFIRMED_IMPORT)
    kill_while_running(site)
    assert site.run(COUNT) == 0
    finish(site)
    assert site.run(COUNT) == PEOPLE
    assert site.run(STATE) == ["done", 2]
    for child in site.children:
        child.kill()
    site.run(PRINT)
    kill_while_running(site)
    finish(site)
    assert site.run(STATE) == ["done", 2]
    assert site.run(FILE) == "%PDF-"
    assert site.run(FILES) == 1
