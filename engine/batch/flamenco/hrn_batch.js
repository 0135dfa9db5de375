// SPDX-License-Identifier: GPL-3.0-or-later
//
// Flamenco 3 job type: a folder of people becomes a folder of heads (docs/user/batch.md, "Flamenco").
//
// Each task does a range of the subjects. Records and locks in the output folder make every task repeatable: a task
// that is run again, or on two workers at once, redoes nothing that is done.

const JOB_TYPE = {
    label: "HRN Heads from Photos",
    settings: [
        { key: "source", type: "string", subtype: "dir_path", required: true,
          description: "Folder with one sub-folder or photo per subject, or a .csv or .json list; the same path on every worker" },
        { key: "out", type: "string", subtype: "dir_path", required: true,
          description: "Folder of the head bundles and of report.html; the same path on every worker" },
        { key: "subjects", type: "string", required: true,
          eval: "'1-%d' % max(1, len(list(Path(abspath(settings.source)).iterdir() if Path(abspath(settings.source)).is_dir()" +
                " else open(abspath(settings.source), 'rb'))))",
          evalInfo: { showLinkButton: true, description: "As many as the folder holds; numbers beyond the last subject are ignored" },
          description: "Numbers of the subjects in natural order. Examples: '1-200', '3, 5-10'" },
        { key: "chunk_size", type: "int32", default: 5, propargs: { min: 1, max: 1000 }, visible: "submission",
          description: "Subjects per task; the models are loaded once per task" },
        { key: "texture_size", type: "int32", default: 2048, propargs: { min: 256, max: 8192 },
          description: "Side of the maps in pixels" },
        { key: "quality", type: "string", default: "standard", choices: ["draft", "standard", "high"],
          description: "How much time to spend on the shape" },
        { key: "focal_mm", type: "float", default: 0, propargs: { min: 0, max: 2000 },
          description: "Focal length of all photos in mm as on a 35 mm film camera; 0: what each file says, else estimated" },
        { key: "jobs", type: "int32", default: 0, propargs: { min: 0, max: 64 }, visible: "submission",
          description: "Subjects at once on one machine; 0: what its memory and cores bear" },
        { key: "retry_failed", type: "bool", default: false,
          description: "Try again also what failed because of its photo" },
    ],
};

function compileJob(job) {
    const settings = job.settings;
    if (samePath(settings.source, settings.out)) {
        throw "The heads cannot go into the folder of the photos";
    }
    if (settings.focal_mm !== 0 && !(settings.focal_mm >= 5 && settings.focal_mm <= 2000)) {
        throw "The focal length must lie between 5 and 2000 mm; 0 leaves it to each photo";
    }
    const rest = batchTask("rest and report", settings, []);
    for (const chunk of frameChunker(settings.subjects, settings.chunk_size)) {
        const task = batchTask(`subjects ${chunk}`, settings, [`--range=${chunk}`]);
        rest.addDependency(task);
        job.addTask(task);
    }
    // Finds nothing to do unless photos were added meanwhile, and completes the report.
    job.addTask(rest);
}

function batchTask(name, settings, more) {
    const args = [
        "{hrnInstaller}", "engine", "batch", settings.source, "--out", settings.out,
        "--texture-size", `${settings.texture_size}`,
        "--quality", settings.quality,
        // An unusable photo is in the report; it is no reason to try the task on other workers or to give up the job.
        "--lenient",
    ].concat(more);
    if (settings.focal_mm > 0) {
        args.push("--focal-mm", `${settings.focal_mm}`);
    }
    if (settings.jobs > 0) {
        args.push("--jobs", `${settings.jobs}`);
    }
    // Only the first try of a subject: the last task goes over all of them.
    if (settings.retry_failed && more.length > 0) {
        args.push("--retry-failed");
    }
    const task = author.Task(name, "misc");
    task.addCommand(author.Command("exec", { exe: "{hrnPython}", args: args }));
    return task;
}

function samePath(a, b) {
    const trim = (text) => text.replace(/[\\/]+$/, "");
    return trim(a) === trim(b);
}
