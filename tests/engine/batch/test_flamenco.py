"""The Flamenco job type, compiled by a JavaScript engine in place of Flamenco Manager's."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

import engine.batch
from engine.cli import make_parser

SCRIPT = Path(engine.batch.__file__).parent / "flamenco" / "hrn_batch.js"
NODE = shutil.which("node") or shutil.which("nodejs")
pytestmark = pytest.mark.skipif(NODE is None, reason="needs node to run the job type's JavaScript")

MANAGER = """
const fs = require("fs"), vm = require("vm");
const { script, settings } = JSON.parse(fs.readFileSync(0, "utf8"));
const tasks = [];
class Task {
    constructor(name, type) { if (!name || !type) throw "name and type are required"; Object.assign(this, {name, type, commands: [], after: []}); }
    addCommand(command) { this.commands.push(command); }
    addDependency(task) { this.after.push(task.name); }
}
function frameChunker(range, size) {  // as Flamenco documents it: lists of runs
    const numbers = range.split(",").flatMap((part) => {
        const [a, b] = part.split("-").map(Number);
        return Array.from({length: (b || a) - a + 1}, (_, i) => a + i);
    });
    const chunks = [];
    for (let i = 0; i < numbers.length; i += size) {
        const runs = [];
        for (const n of numbers.slice(i, i + size)) {
            const last = runs[runs.length - 1];
            if (last && last[1] === n - 1) last[1] = n; else runs.push([n, n]);
        }
        chunks.push(runs.map(([a, b]) => a === b ? `${a}` : `${a}-${b}`).join(","));
    }
    return chunks;
}
const author = {Task: (name, type) => new Task(name, type), Command: (name, parameters) => ({name, parameters})};
const globals = vm.createContext({author, frameChunker, print() {}});
vm.runInContext(script, globals);
const type = vm.runInContext("JOB_TYPE", globals);
const all = {};
for (const setting of type.settings) if ("default" in setting) all[setting.key] = setting.default;
let error = null;
try { globals.compileJob({settings: Object.assign(all, settings), addTask: (task) => tasks.push(task)}); } catch (thrown) { error = `${thrown}`; }
process.stdout.write(JSON.stringify({type, tasks, error}));
"""


def compile_job(**settings) -> SimpleNamespace:
    done = subprocess.run(
        [NODE, "-e", MANAGER],
        input=json.dumps({"script": SCRIPT.read_text(), "settings": settings}),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return SimpleNamespace(**json.loads(done.stdout))


def arguments(task: dict):
    """What the engine's command line makes of a task's command."""
    (command,) = task["commands"]
    assert command["name"] == "exec" and command["parameters"]["exe"] == "{hrnPython}"
    args = command["parameters"]["args"]
    assert args[:2] == ["{hrnInstaller}", "engine"] and all(isinstance(arg, str) for arg in args)
    return make_parser().parse_args(args[2:])


def test_tasks_of_a_job():
    job = compile_job(source="/photos/Frühjahr 1", out="/heads", subjects="1-12,20", chunk_size=5)
    assert job.error is None and [task["name"] for task in job.tasks] == [
        "subjects 1-5",
        "subjects 6-10",
        "subjects 11-12,20",
        "rest and report",
    ]
    assert job.tasks[-1]["after"] == [task["name"] for task in job.tasks[:-1]] and {t["type"] for t in job.tasks} == {"misc"}
    parsed = [arguments(task) for task in job.tasks]
    assert [options.range for options in parsed] == ["1-5", "6-10", "11-12,20", None]
    for options in parsed:
        assert (options.source, options.out, options.texture_size, options.quality) == (
            "/photos/Frühjahr 1",
            "/heads",
            2048,
            "standard",
        )
        assert (
            options.focal_mm is None
            and options.lenient
            and options.jobs is None
            and not options.retry_failed
            and not options.json_lines
        )


def test_settings_reach_the_engine():
    job = compile_job(
        source="/a",
        out="/b",
        subjects="1-2",
        chunk_size=1,
        texture_size=4096,
        quality="high",
        jobs=3,
        retry_failed=True,
        focal_mm=85.5,
    )
    parsed = [arguments(task) for task in job.tasks]
    assert [(o.texture_size, o.quality, o.jobs, o.focal_mm) for o in parsed] == [(4096, "high", 3, 85.5)] * 3
    assert [o.retry_failed for o in parsed] == [True, True, False]


def test_photos_and_heads_in_one_folder_are_refused():
    assert "cannot go into" in compile_job(source="/a/", out="/a", subjects="1").error


@pytest.mark.parametrize("focal_mm", [-50, 3, 2001])
def test_a_focal_length_that_no_lens_has_is_refused_before_any_task(focal_mm):
    job = compile_job(source="/a", out="/b", subjects="1", focal_mm=focal_mm)
    assert "between 5 and 2000" in job.error and not job.tasks


def test_settings_are_of_flamencos_kinds_and_python_evaluates(tmp_path):
    settings = {setting["key"]: setting for setting in compile_job(source="/a", out="/b", subjects="1").type["settings"]}
    known = {
        "key",
        "type",
        "subtype",
        "required",
        "eval",
        "evalInfo",
        "description",
        "default",
        "propargs",
        "visible",
        "choices",
    }
    for setting in settings.values():
        assert set(setting) <= known and setting["type"] in ("string", "int32", "float", "bool") and setting["description"]
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
    names = {"Path": Path, "abspath": str, "settings": SimpleNamespace(source=str(tmp_path))}
    assert eval(settings["subjects"]["eval"], {}, names) == "1-3"
    (tmp_path / "list.csv").write_text("photos\na.jpg\nb.jpg\n")
    names["settings"] = SimpleNamespace(source=str(tmp_path / "list.csv"))
    assert eval(settings["subjects"]["eval"], {}, names) == "1-3"
