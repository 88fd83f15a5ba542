// src/base/brand.ts
var unsafeBrand = (value) => value;

// src/base/assert.ts
var BugError = class extends Error {
  name = "BugError";
};
function assert(condition, message) {
  if (condition !== true && !condition) throw new BugError(`This is a bug in Quorate: ${message}`);
}

// src/base/result.ts
var ok = (value) => ({ ok: true, value });
var err = (error) => ({ ok: false, error });

// src/base/problem.ts
function defineProblem(code, explain) {
  const make = (data) => ({ code, data, ...explain(data) });
  return Object.assign(make, { code, is: (problem) => problem.code === code });
}
function renderProblem(problem) {
  return [`${problem.summary} [${problem.code}]`, problem.detail, problem.hint].filter((part) => part !== "").join("\n");
}

// src/base/clock.ts
var instantOf = (epochMs) => unsafeBrand(epochMs);
var systemClock = {
  now: () => instantOf(Date.now()),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) => new Promise((resolve2, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      resolve2();
    }, ms);
    signal.addEventListener("abort", onAbort, { once: true });
  }),
  after: (ms, then) => {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  }
};

// src/base/random.ts
var systemRandom = {
  next: () => {
    const [word = 0] = globalThis.crypto.getRandomValues(new Uint32Array(1));
    return word / 4294967296;
  },
  hex: (bytes) => {
    const block = globalThis.crypto.getRandomValues(new Uint8Array(bytes));
    let at = 0;
    return hexFrom(bytes, () => block[at++] ?? 0);
  }
};
function hexFrom(bytes, nextByte) {
  let text = "";
  for (let i = 0; i < bytes; i++) text += nextByte().toString(16).padStart(2, "0");
  return text;
}

// src/base/durations.ts
function formatDurationMs(ms) {
  if (ms < 1e3) return `${Math.round(ms)} ms`;
  if (ms < 12e4) return `${Number((ms / 1e3).toFixed(1))} s`;
  if (ms < 72e5) return `${Math.round(ms / 6e4)} min`;
  return `${Math.round(ms / 36e5)} h`;
}

// src/base/sizes.ts
var FACTORS = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4
};

// src/base/deadline.ts
function isAbort(error) {
  return error instanceof Error && (error.name === "AbortError" || error.name === "TimeoutError");
}
async function withDeadline(clock, ms, parent, work) {
  const controller = new AbortController();
  let cancel;
  let onAbort;
  const late = new Promise((resolve2) => {
    const end = (reason2) => {
      controller.abort(reason2);
      resolve2({ late: true });
    };
    cancel = clock.after(ms, () => end(new DOMException("deadline", "TimeoutError")));
    onAbort = () => end(new DOMException("cancelled", "AbortError"));
    if (parent.aborted) onAbort();
    else parent.addEventListener("abort", onAbort, { once: true });
  });
  try {
    const value = work(controller.signal).then((v) => ({ late: false, value: v }));
    value.catch(() => void 0);
    return await Promise.race([value, late]);
  } catch (error) {
    if (isAbort(error) && controller.signal.aborted) return { late: true };
    throw error;
  } finally {
    cancel?.();
    if (onAbort !== void 0) parent.removeEventListener("abort", onAbort);
  }
}

// src/core/cluster/names.ts
var SERVICE_NAME_MAX = 63 - "_etcd-server-ssl-".length;

// src/core/cluster/version.ts
var SUPPORTED_MINORS = ["3.4", "3.5", "3.6", "3.7"];
function parseEtcdVersion(text) {
  return /^v?\d+\.\d+\.\d+(-[0-9A-Za-z.]+)?$/.test(text) ? unsafeBrand(text.replace(/^v/, "")) : void 0;
}
var minorOf = (version) => unsafeBrand(version.split(".").slice(0, 2).join("."));
function compareVersions(a, b) {
  const [coreA, preA] = split(a);
  const [coreB, preB] = split(b);
  const partsA = coreA.split(".").map(Number);
  const partsB = coreB.split(".").map(Number);
  for (let i = 0; i < 3; i++) {
    const difference = (partsA[i] ?? 0) - (partsB[i] ?? 0);
    if (difference !== 0) return difference;
  }
  if (preA === preB) return 0;
  if (preA === void 0) return 1;
  if (preB === void 0) return -1;
  return preA < preB ? -1 : 1;
}
function split(version) {
  const dash = version.indexOf("-");
  return dash < 0 ? [version, void 0] : [version.slice(0, dash), version.slice(dash + 1)];
}
function isAtLeast(version, major, minor) {
  const [a = 0, b = 0] = version.split(".").map(Number);
  return a > major || a === major && b >= minor;
}

// src/core/cluster/sha1.ts
var WORDS = new Int32Array(80);

// src/services/binaries/dangers.ts
var upTo = (minor, last) => ({ minor, first: 0, last });
var OLDEST_MINOR = "3.3";
var FAULTS = [
  {
    severity: "refuse",
    affected: [upTo("3.5", 2)],
    what: "writes that were acknowledged may be missing on some members after a crash under load",
    reference: "etcd issues 13766 and 13514; the v3.5 data inconsistency post-mortem"
  },
  {
    severity: "warn",
    affected: [upTo("3.5", 5)],
    what: "members may disagree on the revision after a crash during a defragmentation",
    reference: "etcd pull requests 14685 and 14733"
  },
  {
    severity: "warn",
    affected: [
      { minor: "3.4", first: 20, last: 21 },
      { minor: "3.5", first: 5, last: 5 }
    ],
    what: "with auth on, a member that starts from a snapshot, such as a new one, may store different data",
    reference: "etcd issue 14571"
  },
  {
    severity: "warn",
    affected: [upTo("3.4", 31), upTo("3.5", 13)],
    what: "the revision may go back after a crash during a compaction",
    reference: "etcd pull requests 17864 and 17865"
  },
  {
    severity: "warn",
    affected: [upTo("3.4", 37), upTo("3.5", 22), upTo("3.6", 4)],
    what: "data may be damaged when a snapshot of the leader arrives during a defragmentation",
    reference: "etcd pull request 20653"
  },
  {
    severity: "warn",
    affected: [upTo("3.3", 18), upTo("3.4", 3)],
    what: "a defragmentation may damage data",
    reference: "etcd pull request 11613"
  },
  {
    severity: "warn",
    affected: [upTo("3.3", 20), upTo("3.4", 7)],
    what: "with auth on, members may come to hold different data",
    reference: "etcd pull requests 11652, 11888 and 11817"
  },
  {
    severity: "warn",
    affected: [upTo("3.4", 41), upTo("3.5", 27), upTo("3.6", 8)],
    what: "a linearizable read may be stale after a pause or a change of leader, and auth can be bypassed",
    reference: "CVE-2026-33413, CVE-2026-33343 and the changelogs"
  },
  {
    severity: "warn",
    affected: [{ minor: "3.5", first: 1, last: 19 }],
    what: "the promotion of a learner is not stored, which later blocks the upgrade to 3.6",
    reference: "etcd issues 19557 and 20793"
  },
  {
    severity: "warn",
    affected: [upTo("3.5", 25)],
    what: "removed members may come back in the store, which blocks the upgrade to 3.6",
    reference: "etcd pull request 20995"
  },
  {
    severity: "warn",
    affected: [upTo("3.5", 30), upTo("3.6", 11)],
    what: "changing a learner's peer URLs lists it as a voter",
    reference: "etcd issue 21694"
  },
  {
    severity: "warn",
    affected: [upTo("3.4", 23), upTo("3.5", 6)],
    what: "a learner that never started can be promoted, which may cost the quorum",
    reference: "etcd pull requests 15096 and 15097"
  },
  {
    severity: "warn",
    affected: [upTo("3.5", 32), upTo("3.6", 13), upTo("3.7", 0)],
    what: "the permission to read one key lets a watch see every later key",
    reference: "GHSA-xg4h-6gfc-h4m8"
  },
  {
    severity: "warn",
    affected: [{ minor: "3.4", first: 0 }],
    what: "the 3.4 line gets no more fixes since 2026-06-01",
    reference: "the 3.4 changelog"
  },
  {
    severity: "warn",
    affected: [{ minor: "3.3", first: 0 }],
    what: "the 3.3 line gets no more fixes, and knows no learners",
    reference: "the 3.4 changelog"
  }
];
function knownDangers(version) {
  const parsed = parseEtcdVersion(version);
  if (parsed === void 0) return [];
  const minor = minorOf(parsed);
  if (compareVersions(parsed, `${OLDEST_MINOR}.0`) < 0) {
    return [
      {
        severity: "warn",
        what: `etcd ${minor} is older than anything Quorate was tested with and gets no more fixes`,
        reference: "etcd's changelogs"
      }
    ];
  }
  const patch = Number(/^\d+\.\d+\.(\d+)/.exec(parsed)?.[1]);
  const dangers = FAULTS.flatMap(({ affected, severity, what, reference }) => {
    const hit = affected.find(
      (range) => range.minor === minor && patch >= range.first && patch <= (range.last ?? Infinity)
    );
    if (hit === void 0) return [];
    const fixed = hit.last === void 0 ? {} : { fixedIn: `${minor}.${hit.last + 1}` };
    return [{ severity, what, reference, ...fixed }];
  });
  return dangers.toSorted(
    (a, b) => Number(b.severity === "refuse") - Number(a.severity === "refuse")
  );
}
var losesData = (version) => knownDangers(version).some(({ severity }) => severity === "refuse");
function dangerText(version) {
  const worst = knownDangers(version).find(({ severity }) => severity === "refuse");
  return worst === void 0 ? "" : `: ${worst.what}`;
}

// src/services/binaries/problems.ts
var badVersionWish = defineProblem("bad-version-wish", (d) => ({
  summary: `cannot look for etcd ${JSON.stringify(d.wish)}: that is no version`,
  detail: "A version is a minor such as 3.6 (its newest patch) or an exact one such as 3.6.15.",
  hint: "See which versions there are:\n  quorate versions"
}));
var noBinary = defineProblem(
  "no-binary",
  (d) => {
    const hints = [...new Set(d.tried.map(({ hint }) => hint).filter((hint) => hint !== ""))];
    return {
      summary: `cannot find ${d.name} ${d.wish}: none of ${new Set(d.tried.map(({ source }) => source)).size} sources could supply it`,
      detail: d.tried.map(({ source, reason: reason2 }) => `  ${source}: ${reason2}`).join("\n"),
      hint: [
        ...d.offline ? ["Only what is at hand was looked at, because of --offline: allow the network."] : [],
        ...hints,
        `Or put ${d.name} ${d.wish} on PATH. What is at hand and what could be had:
  quorate versions`
      ].join("\n")
    };
  }
);
var sourceLacks = defineProblem(
  "source-lacks",
  (d) => ({
    summary: `${d.source} cannot supply ${d.wanted}: ${d.reason}`,
    detail: "",
    hint: d.advice
  })
);
var fetchFailed = defineProblem(
  "fetch-failed",
  (d) => ({
    summary: `fetching ${d.wanted} from ${d.source} failed: ${d.reason}`,
    detail: "",
    hint: d.advice
  })
);
var sourceSlow = defineProblem(
  "source-slow",
  (d) => ({
    summary: `${d.source} gave no answer about ${d.wanted} within ${formatDurationMs(d.deadlineMs)}`,
    detail: "",
    hint: ""
  })
);
var digestDiffers = defineProblem(
  "digest-differs",
  (d) => ({
    summary: `refused ${d.file} from ${d.source}: its SHA-256 is not the one that was promised`,
    detail: `promised ${d.wantedSha256}, received ${d.seenSha256}`,
    hint: "Either the download was damaged or somebody changed it. Nothing of it was kept; try again, then ask who runs the mirror."
  })
);
var binaryLies = defineProblem(
  "binary-lies",
  (d) => ({
    summary: `refused ${d.name} from ${d.source}: it stands for ${d.wanted} but says that it is ${d.printed}`,
    detail: d.path,
    hint: "A member must never run another version than the plan was made for. Remove the file or name it by its true version."
  })
);
var binaryMute = defineProblem(
  "binary-mute",
  (d) => ({
    summary: `cannot use ${d.path} as ${d.name}: ${d.reason}`,
    detail: "",
    hint: ""
  })
);
var cacheAltered = defineProblem(
  "cache-altered",
  (d) => ({
    summary: `will not use ${d.path}: it was changed after it had been fetched`,
    detail: `fetched with SHA-256 ${d.wantedSha256}, now ${d.seenSha256}`,
    hint: `To keep it, remove the record beside it; to have it fetched again, remove it:
  rm ${d.path} ${d.path}.json`
  })
);
var cacheUnusable = defineProblem(
  "cache-unusable",
  (d) => ({
    summary: `cannot write to the cache of etcd binaries ${d.dir}: ${d.reason}`,
    detail: "",
    hint: "Name another place for it:\n  export QUORATE_CACHE=DIRECTORY"
  })
);
var fetchLocked = defineProblem(
  "fetch-locked",
  (d) => ({
    summary: `waited ${formatDurationMs(d.waitedMs)} for process ${d.pid} on ${d.host}, which is fetching ${d.wanted}`,
    detail: `It holds ${d.lock}.`,
    hint: "Look what that process is doing; when it ends, its lock counts no more."
  })
);
var binariesCancelled = defineProblem("binaries-cancelled", (d) => ({
  summary: `stopped looking for ${d.wanted}, as asked`,
  detail: "Nothing half-written was kept.",
  hint: ""
}));

// src/services/binaries/wish.ts
function parseWish(text) {
  const bare = text.trim().replace(/^v/, "");
  if (/^\d{1,3}\.\d{1,3}$/.test(bare)) return { kind: "minor", minor: bare };
  const version = parseEtcdVersion(bare);
  return version === void 0 ? void 0 : { kind: "exact", version };
}
var wishText = (wish) => wish.kind === "minor" ? wish.minor : wish.version;
var wishMinor = (wish) => wish.kind === "minor" ? wish.minor : minorOf(wish.version);
function fits(wish, version) {
  if (wish.kind === "exact") return wish.version === version;
  return minorOf(version) === wish.minor && !version.includes("-") && !losesData(version);
}
function newestFitting(wish, versions) {
  return newestFirst(versions).find((version) => fits(wish, version));
}
function newestFirst(versions) {
  const parsed = /* @__PURE__ */ new Set();
  for (const text of versions) {
    const version = parseEtcdVersion(text);
    if (version !== void 0) parsed.add(version);
  }
  return [...parsed].toSorted((a, b) => compareVersions(b, a));
}

// src/services/binaries/at-hand.ts
async function atHandFor(name, wish, { allowed, paths, cache }, skip, signal) {
  const wanted = `${name} ${wishText(wish)}`;
  const pick2 = (answers) => {
    const found2 = [];
    for (const answer of answers) {
      if (!answer.ok) skip("path", answer.error);
      else if (isFitting(wish, answer.value)) found2.push(answer.value);
      else skip("path", unfit(wanted, answer.value));
    }
    return found2.toSorted(newerFirst)[0];
  };
  let best;
  if (allowed.has("path")) {
    const given = pick2(await paths.given(name, signal));
    if (given !== void 0) return given;
    best = pick2(await paths.onPath(name, signal));
  }
  if (allowed.has("cache")) {
    for (const version of (await cache.versions()).filter((each) => fits(wish, each))) {
      if (best !== void 0 && !isNewer(version, best.version)) break;
      const cached = await cache.get(name, version, signal);
      if (cached?.ok === true) return cached.value;
      if (cached !== void 0) skip("cache", cached.error);
    }
  }
  return best;
}
async function everythingAtHand(name, { allowed, paths, cache }, signal) {
  const answers = [];
  if (allowed.has("path")) {
    answers.push(...await paths.given(name, signal), ...await paths.onPath(name, signal));
  }
  if (allowed.has("cache")) {
    for (const version of await cache.versions())
      answers.push(await cache.get(name, version, signal));
  }
  const found2 = /* @__PURE__ */ new Map();
  for (const answer of answers) {
    if (answer?.ok === true && !found2.has(answer.value.path))
      found2.set(answer.value.path, answer.value);
  }
  return [...found2.values()].toSorted(newerFirst);
}
var isFitting = (wish, binary) => {
  const version = parseEtcdVersion(binary.version);
  return version !== void 0 && fits(wish, version);
};
function isNewer(a, b) {
  const [left, right] = [parseEtcdVersion(a), parseEtcdVersion(b)];
  return left !== void 0 && (right === void 0 || compareVersions(left, right) > 0);
}
var unfit = (wanted, { path, version }) => sourceLacks({
  source: "path",
  wanted,
  reason: `${path} is ${version}${dangerText(version)}`,
  advice: ""
});
var newerFirst = (a, b) => isNewer(b.version, a.version) ? 1 : isNewer(a.version, b.version) ? -1 : 0;

// src/services/binaries/cache.ts
import { mkdir as mkdir2, readdir, rename as rename2, rm as rm2, stat as stat2 } from "node:fs/promises";

// src/services/binaries/files.ts
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
async function syncPath(path) {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
async function writeJson(path, unique, value) {
  await mkdir(dirname(path), { recursive: true });
  const half = `${path}.${unique}.half`;
  const handle = await open(half, "wx", 420);
  try {
    await handle.writeFile(`${JSON.stringify(value, null, 2)}
`);
    await handle.sync();
  } catch (error) {
    await rm(half, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  await rename(half, path);
}
async function readJson(path) {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch {
    return void 0;
  }
}
function errnoOf(error) {
  if (!(error instanceof Error)) return String(error);
  return "code" in error && typeof error.code === "string" ? error.code : error.message;
}
var isSystemError = (error) => error instanceof Error && "syscall" in error && "code" in error;

// src/services/binaries/prove.ts
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";

// src/services/binaries/run.ts
import { spawn } from "node:child_process";
import { access, constants, stat } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";
var OUTPUT_CHARS_MAX = 256 * 1024;
var KILL_GRACE_MS = 1e3;
var COMPLAINT_CHARS_MAX = 400;
function run(path, args, options) {
  const { signal, timeoutMs } = options;
  return new Promise((resolve2) => {
    let stdout = "";
    let stderr = "";
    if (signal.aborted) {
      resolve2({ kind: "failed", reason: "it was cancelled before it started", stdout, stderr });
      return;
    }
    const child = spawn(path, args, {
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: definedOnly(options.env),
      ...options.cwd === void 0 ? {} : { cwd: options.cwd }
    });
    let ended;
    let force;
    const end = (reason2) => {
      if (ended !== void 0) return;
      ended = reason2;
      killGroup(child.pid, "SIGTERM");
      force = setTimeout(() => killGroup(child.pid, "SIGKILL"), KILL_GRACE_MS);
    };
    const onAbort = () => end("it was cancelled");
    const deadline = setTimeout(
      () => end(`it did not end within ${formatDurationMs(timeoutMs)}`),
      timeoutMs
    );
    signal.addEventListener("abort", onAbort, { once: true });
    const settle = (result) => {
      clearTimeout(deadline);
      clearTimeout(force);
      signal.removeEventListener("abort", onAbort);
      resolve2(result);
    };
    child.stdout.setEncoding("utf8").on("data", (text) => stdout = keepTail(stdout + text));
    child.stderr.setEncoding("utf8").on("data", (text) => stderr = keepTail(stderr + text));
    child.on("error", (error) => settle({ kind: "failed", reason: error.message, stdout, stderr }));
    child.on("close", (code, killedBy) => {
      if (ended === void 0 && code !== null) {
        settle({ kind: "exited", code, stdout, stderr });
        return;
      }
      const reason2 = ended ?? `it was ended by ${killedBy ?? "a signal"}`;
      settle({ kind: "failed", reason: reason2, stdout, stderr });
    });
  });
}
function complaint(end) {
  const said = lastLines(end.stderr.trim() === "" ? end.stdout : end.stderr);
  const how = end.kind === "exited" ? `exit code ${end.code}` : end.reason;
  return said === "" ? how : `${how}: ${said}`;
}
async function findTool(name, env) {
  for (const dir of (env["PATH"] ?? "").split(delimiter)) {
    if (!isAbsolute(dir)) continue;
    const path = join(dir, name);
    if (await isExecutableFile(path)) return path;
  }
  return void 0;
}
async function isExecutableFile(path) {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
var PASSED = /* @__PURE__ */ new Set([
  "HOME",
  "PATH",
  "USER",
  "LOGNAME",
  "TMPDIR",
  "LANG",
  "LC_ALL",
  "TZ",
  "XDG_CACHE_HOME",
  "XDG_CONFIG_HOME",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "ALL_PROXY",
  "FTP_PROXY",
  "http_proxy",
  "https_proxy",
  "no_proxy",
  "all_proxy",
  "ftp_proxy",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "CURL_CA_BUNDLE",
  "NIX_SSL_CERT_FILE",
  "GIT_SSL_CAINFO",
  "SSH_AUTH_SOCK"
]);
var PASSED_PREFIX = /^(CARGO_|RUSTUP_|CGO_|GO(?!OGLE)[A-Z0-9]*$)/;
function toolEnv(env) {
  return Object.fromEntries(
    Object.entries(env).filter(([key]) => PASSED.has(key) || PASSED_PREFIX.test(key))
  );
}
var bareEnv = (env) => ({ PATH: env["PATH"], HOME: env["HOME"] });
var definedOnly = (env) => Object.fromEntries(
  Object.entries(env).filter((entry) => entry[1] !== void 0)
);
var keepTail = (text) => text.length > OUTPUT_CHARS_MAX ? text.slice(-OUTPUT_CHARS_MAX) : text;
function lastLines(text) {
  const line = text.split("\n").map((part) => part.trim()).filter((part) => part !== "").join("; ");
  return line.length > COMPLAINT_CHARS_MAX ? `\u2026${line.slice(-COMPLAINT_CHARS_MAX)}` : line;
}
function killGroup(pid, signal) {
  if (pid === void 0) return;
  try {
    process.kill(-pid, signal);
  } catch {
  }
}

// src/services/binaries/prove.ts
var VERSION_DEADLINE_MS = 1e4;
async function askVersion(name, path, env, signal) {
  const end = await run(path, [name === "etcd" ? "--version" : "version"], {
    // Only an etcdctl of the 3.3 line reads this; without it that one speaks of the v2 API.
    env: name === "etcdctl" ? { ...bareEnv(env), ETCDCTL_API: "3" } : bareEnv(env),
    timeoutMs: VERSION_DEADLINE_MS,
    signal
  });
  if (end.kind === "failed" || end.code !== 0) {
    return err(
      binaryMute({ name, path, reason: `asked for its version it failed: ${complaint(end)}` })
    );
  }
  const said = parseVersionOutput(name, end.stdout);
  return said === void 0 ? err(
    binaryMute({
      name,
      path,
      reason: `it does not answer as ${name} does when asked for its version`
    })
  ) : ok(said);
}
function parseVersionOutput(name, stdout) {
  const line = new RegExp(`^${name} version: *v?(\\S+)\\s*$`, "im").exec(stdout)?.[1];
  const version = line === void 0 ? void 0 : parseEtcdVersion(line.replace(/\+.*$/, ""));
  if (version === void 0) return void 0;
  const gitSha = /^Git SHA: *([0-9a-f]{7,40})\s*$/im.exec(stdout)?.[1];
  return { version, ...gitSha === void 0 ? {} : { gitSha } };
}
async function sha256Of(path, signal) {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash, { signal });
  return hash.digest("hex");
}

// src/services/binaries/types.ts
var BINARY_NAMES = ["etcd", "etcdctl", "etcdutl"];
var SOURCE_ORDER = [
  "path",
  "cache",
  "release",
  "crate",
  "go",
  "debian"
];

// src/services/binaries/shape.ts
function hasShape(value, shape) {
  if (typeof value !== "object" || value === null) return false;
  const fields = value;
  return Object.entries(shape).every(([name, wanted]) => isOf(fields[name], wanted));
}
function isOf(value, shape) {
  if (shape === "text") return typeof value === "string";
  if (shape === "text?") return value === void 0 || typeof value === "string";
  if (shape === "number") return typeof value === "number" && Number.isFinite(value);
  if (shape instanceof RegExp) return typeof value === "string" && shape.test(value);
  return typeof value === "string" && shape.includes(value);
}

// src/services/binaries/cache.ts
function isRecord(value) {
  const shape = {
    name: BINARY_NAMES,
    version: "text",
    sha256: /^[0-9a-f]{64}$/,
    gitSha: "text?",
    sizeBytes: "number",
    mtimeMs: "number",
    recordedAtMs: "number"
  };
  return hasShape(value, shape) && (hasShape(value, { source: ["release", "crate", "go", "debian"] }) || value.source === void 0);
}
function binaryCache(options) {
  const { places, env, clock } = options;
  async function write(file, said, source) {
    const { size, mtimeMs } = await stat2(file.path);
    const record = {
      name: file.name,
      version: said.version,
      sha256: file.sha256,
      ...source === void 0 ? {} : { source },
      ...said.gitSha === void 0 ? {} : { gitSha: said.gitSha },
      sizeBytes: size,
      mtimeMs,
      recordedAtMs: clock.now()
    };
    await writeJson(places.record(file.name, said.version), options.unique(), record);
    return record;
  }
  async function examine(name, version, record, signal) {
    const path = places.binary(name, version);
    const sha256 = await sha256Of(path, signal);
    if (record !== void 0 && record.sha256 !== sha256) {
      return err(cacheAltered({ path, wantedSha256: record.sha256, seenSha256: sha256 }));
    }
    const said = await askVersion(name, path, env, signal);
    if (!said.ok) return said;
    if (said.value.version !== version) {
      return err(
        binaryLies({ name, path, source: "cache", wanted: version, printed: said.value.version })
      );
    }
    await write({ name, path, sha256 }, said.value, record?.source).catch(() => void 0);
    return ok(found(path, { name, ...said.value, sha256, source: record?.source }));
  }
  return {
    versions: async () => newestFirst(await readdir(places.versionsDir).catch(() => [])),
    get: async (name, version, signal) => {
      const path = places.binary(name, version);
      const there = await stat2(path).catch(() => void 0);
      if (there === void 0 || !await isExecutableFile(path)) return void 0;
      const read = await readJson(places.record(name, version));
      const record = isRecord(read) && read.version === version && read.name === name ? read : void 0;
      if (record !== void 0 && record.sizeBytes === there.size && record.mtimeMs === there.mtimeMs) {
        return ok(found(path, record));
      }
      return examine(name, version, record, signal);
    },
    put: async (file, said, source) => {
      const path = places.binary(file.name, said.version);
      await mkdir2(places.versionDir(said.version), { recursive: true });
      await syncPath(file.path);
      await rm2(places.record(file.name, said.version), { force: true });
      await rename2(file.path, path);
      await write({ ...file, path }, said, source);
      await syncPath(places.versionDir(said.version));
      return { name: file.name, path, sha256: file.sha256, source, ...said };
    }
  };
}
var found = (path, record) => ({
  name: record.name,
  version: record.version,
  path,
  sha256: record.sha256,
  source: "cache",
  ...record.source === void 0 ? {} : { origin: record.source },
  ...record.gitSha === void 0 ? {} : { gitSha: record.gitSha }
});

// src/services/binaries/install.ts
import { chmod, lstat, mkdir as mkdir4, readdir as readdir2, rm as rm4, stat as stat4 } from "node:fs/promises";
import { isAbsolute as isAbsolute2, join as join2 } from "node:path";

// src/services/binaries/lock.ts
import { link, mkdir as mkdir3, readFile as readFile2, rename as rename3, rm as rm3, stat as stat3, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname as dirname2 } from "node:path";
var POLL_MS = 100;
var RETRY_MS = 2;
var TOUCH_MS = 5e3;
var SILENCE_MS = 6e4;
var PS_DEADLINE_MS = 5e3;
var NOBODY = { pid: 0, start: "", host: "an unknown host" };
async function takeLock(path, options) {
  const { clock, signal } = options;
  const me = { pid: process.pid, start: await startOf(process.pid), host: hostname() };
  const mine = `${path}.${options.unique}`;
  await mkdir3(dirname2(path), { recursive: true });
  await writeFile(mine, JSON.stringify(me), { flag: "wx" });
  try {
    const startedMs = clock.monotonicMs();
    for (let told = false; ; ) {
      signal.throwIfAborted();
      if (await tryLink(mine, path)) return ok(hold(path, me, clock));
      const owner = await readOwner(path);
      if (clock.monotonicMs() - startedMs > options.waitMs) return err(owner ?? NOBODY);
      if (owner === void 0 || await isDead(owner, path, clock)) {
        await removeStale(path, owner, options.unique);
        await clock.sleep(RETRY_MS, signal);
        continue;
      }
      if (!told) options.onWait?.(owner);
      told = true;
      await clock.sleep(POLL_MS, signal);
    }
  } finally {
    await rm3(mine, { force: true });
  }
}
function hold(path, me, clock) {
  const touch = setInterval(() => {
    const now = new Date(clock.now());
    utimes(path, now, now).catch(() => void 0);
  }, TOUCH_MS);
  touch.unref();
  return {
    release: async () => {
      clearInterval(touch);
      if (sameOwner(await readOwner(path), me)) await rm3(path, { force: true });
    }
  };
}
async function tryLink(from, to) {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}
async function readOwner(path) {
  try {
    const value = JSON.parse(await readFile2(path, "utf8"));
    return typeof value?.pid === "number" && typeof value.start === "string" && typeof value.host === "string" ? { pid: value.pid, start: value.start, host: value.host } : void 0;
  } catch {
    return void 0;
  }
}
async function isDead(owner, path, clock) {
  if (owner.host === hostname()) return await startOf(owner.pid) !== owner.start;
  try {
    return clock.now() - (await stat3(path)).mtimeMs > SILENCE_MS;
  } catch {
    return true;
  }
}
async function removeStale(path, stale, unique) {
  const aside = `${path}.${unique}.stale`;
  try {
    await rename3(path, aside);
  } catch {
    return;
  }
  const moved = await readOwner(aside);
  if (moved !== void 0 && !sameOwner(moved, stale))
    await tryLink(aside, path).catch(() => false);
  await rm3(aside, { force: true });
}
var sameOwner = (a, b) => a !== void 0 && b !== void 0 && a.pid === b.pid && a.start === b.start && a.host === b.host;
async function startOf(pid) {
  if (process.platform === "linux") {
    try {
      const text = await readFile2(`/proc/${pid}/stat`, "utf8");
      const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
      if (fields[0] === "Z") return "";
      const ticks = fields[19] ?? "";
      const boot = (await readFile2("/proc/sys/kernel/random/boot_id", "utf8")).trim();
      return `${boot}/${ticks}`;
    } catch {
      return "";
    }
  }
  const end = await run("/bin/ps", ["-o", "lstart=", "-p", String(pid)], {
    env: { LC_ALL: "C" },
    timeoutMs: PS_DEADLINE_MS,
    signal: new AbortController().signal
  });
  return end.kind === "exited" && end.code === 0 ? end.stdout.trim() : "";
}

// src/services/binaries/install.ts
var LOCK_WAIT_MS = 25 * 6e4;
var LEFTOVER_MS = 24 * 36e5;
async function install(context, source, name, offer, signal) {
  const { places, clock } = context;
  const { version } = offer;
  const waitMs = context.lockWaitMs ?? LOCK_WAIT_MS;
  const about = { source, name, version };
  try {
    const lock = await takeLock(places.lock(version), {
      waitMs,
      clock,
      unique: context.unique(),
      signal,
      onWait: ({ pid }) => context.progress({ kind: "waiting", ...about, pid })
    });
    if (!lock.ok) {
      const { pid, host } = lock.error;
      const wanted = `${name} ${version}`;
      return err(fetchLocked({ wanted, pid, host, waitedMs: waitMs, lock: places.lock(version) }));
    }
    try {
      const already = await context.cache.get(name, version, signal);
      if (already?.ok === true) return already;
      return await fetchAlone(context, source, name, offer, signal);
    } finally {
      await lock.value.release();
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!isSystemError(error)) throw error;
    return err(cacheUnusable({ dir: places.cacheDir, reason: errnoOf(error) }));
  }
}
async function fetchAlone(context, source, name, offer, signal) {
  const { places, cache, env, clock } = context;
  const { version } = offer;
  const about = { source, name, version };
  const startedMs = clock.monotonicMs();
  await sweep(places.workDir, clock);
  const dir = join2(places.workDir, context.unique());
  await mkdir4(dir, { recursive: true, mode: 448 });
  try {
    const fetched = await offer.fetch({
      dir,
      signal,
      report: (kind, bytes) => context.progress(kind === "fetching" ? { kind, ...about, ...bytes } : { kind, ...about })
    });
    signal.throwIfAborted();
    if (!fetched.ok) return fetched;
    context.progress({ kind: "verifying", ...about });
    let wished;
    for (const file of fetched.value.files) {
      const isCompanion = file.name !== name;
      if (isCompanion && (await cache.get(file.name, version, signal))?.ok === true) continue;
      const proven = await prove(file, version, source, env, signal);
      if (!proven.ok && !isCompanion) return proven;
      if (!proven.ok) continue;
      const put = await cache.put(
        { ...file, sha256: proven.value.sha256 },
        proven.value.said,
        source
      );
      if (!isCompanion) wished = put;
    }
    if (wished === void 0) {
      const wanted = `${name} ${version}`;
      return err(
        fetchFailed({ source, wanted, reason: `what it brought holds no ${name}`, advice: "" })
      );
    }
    context.progress({
      kind: "ready",
      ...about,
      path: wished.path,
      tookMs: clock.monotonicMs() - startedMs
    });
    return ok(wished);
  } finally {
    await rm4(dir, { recursive: true, force: true });
  }
}
async function prove(file, version, source, env, signal) {
  const { name, path } = file;
  assert(isAbsolute2(path), `${source} named a relative path`);
  if ((await lstat(path).catch(() => void 0))?.isFile() !== true) {
    const wanted = `${name} ${version}`;
    return err(
      fetchFailed({
        source,
        wanted,
        reason: `what it brought holds no program ${name}`,
        advice: ""
      })
    );
  }
  await chmod(path, 493);
  const said = await askVersion(name, path, env, signal);
  signal.throwIfAborted();
  if (!said.ok) return said;
  if (said.value.version !== version) {
    return err(binaryLies({ name, path, source, wanted: version, printed: said.value.version }));
  }
  return ok({ said: said.value, sha256: await sha256Of(path, signal) });
}
async function sweep(workDir, clock) {
  for (const entry of await readdir2(workDir).catch(() => [])) {
    const path = join2(workDir, entry);
    const there = await stat4(path).catch(() => void 0);
    if (there !== void 0 && clock.now() - there.mtimeMs > LEFTOVER_MS) {
      await rm4(path, { recursive: true, force: true }).catch(() => void 0);
    }
  }
}

// src/services/binaries/named-paths.ts
import { createHash as createHash2 } from "node:crypto";
import { realpath, stat as stat5 } from "node:fs/promises";
import { basename, delimiter as delimiter2, isAbsolute as isAbsolute3, join as join3, resolve } from "node:path";
var isKnownAnswer = (value) => hasShape(value, {
  path: "text",
  sizeBytes: "number",
  mtimeMs: "number",
  inode: "number",
  name: BINARY_NAMES,
  version: "text",
  sha256: "text",
  gitSha: "text?"
});
function namedPaths(options) {
  const { places, env } = options;
  async function look(name, path, signal) {
    const real = await realpath(path);
    const { size, mtimeMs, ino } = await stat5(real);
    const id = createHash2("sha256").update(`${name}
${real}`).digest("hex").slice(0, 32);
    const answerFile = join3(places.answersDir, `${id}.json`);
    const read = await readJson(answerFile);
    const known = isKnownAnswer(read) ? read : void 0;
    if (known !== void 0 && known.path === real && known.name === name && known.sizeBytes === size && known.mtimeMs === mtimeMs && known.inode === ino) {
      const { version, sha256: sha2562, gitSha } = known;
      return ok({
        name,
        version,
        path,
        sha256: sha2562,
        source: "path",
        ...gitSha === void 0 ? {} : { gitSha }
      });
    }
    const said = await askVersion(name, path, env, signal);
    if (!said.ok) return said;
    const sha256 = await sha256Of(real, signal);
    const answer = {
      path: real,
      sizeBytes: size,
      mtimeMs,
      inode: ino,
      name,
      sha256,
      ...said.value
    };
    await writeJson(answerFile, options.unique(), answer).catch(() => void 0);
    return ok({ name, path, sha256, source: "path", ...said.value });
  }
  async function lookAt(name, path, signal) {
    try {
      return await look(name, path, signal);
    } catch (error) {
      signal.throwIfAborted();
      return err(
        binaryMute({ name, path, reason: error instanceof Error ? error.message : String(error) })
      );
    }
  }
  return {
    given: async (name, signal) => {
      const answers = [];
      for (const given of options.paths) {
        const path = resolve(given);
        const kind = await stat5(path).catch(() => void 0);
        if (kind?.isDirectory() === true) {
          if (await isExecutableFile(join3(path, name)))
            answers.push(await lookAt(name, join3(path, name), signal));
        } else if (isMeantFor(path, name)) {
          answers.push(
            await isExecutableFile(path) ? await lookAt(name, path, signal) : err(binaryMute({ name, path, reason: "there is no program at this path" }))
          );
        }
      }
      return answers;
    },
    onPath: async (name, signal) => {
      const dirs = new Set((env["PATH"] ?? "").split(delimiter2).filter(isAbsolute3));
      const answers = [];
      for (const dir of dirs) {
        const path = join3(dir, name);
        if (await isExecutableFile(path)) answers.push(await lookAt(name, path, signal));
      }
      return answers;
    }
  };
}
var isMeantFor = (path, name) => {
  const base = basename(path);
  const called = BINARY_NAMES.toSorted((a, b) => b.length - a.length).find(
    (each) => base.startsWith(each)
  );
  return called === void 0 ? name === "etcd" : called === name;
};

// src/services/binaries/places.ts
import { homedir } from "node:os";
import { join as join4 } from "node:path";
function defaultCacheDir(env) {
  const named = env["QUORATE_CACHE"];
  if (named !== void 0 && named !== "") return named;
  const xdg = env["XDG_CACHE_HOME"];
  if (xdg !== void 0 && xdg !== "") return join4(xdg, "quorate");
  return join4(env["HOME"] || homedir(), ".cache", "quorate");
}
function placesIn(cacheDir) {
  const versionsDir = join4(cacheDir, "etcd");
  const versionDir = (version) => join4(versionsDir, `v${version}`);
  return {
    cacheDir,
    versionsDir,
    workDir: join4(cacheDir, "work"),
    answersDir: join4(cacheDir, "answers"),
    versionDir,
    binary: (name, version) => join4(versionDir(version), name),
    record: (name, version) => join4(versionDir(version), `${name}.json`),
    lock: (version) => join4(versionDir(version), ".lock")
  };
}
var ARCHS = { x64: "amd64", ppc64: "ppc64le", ia32: "386" };
var thisPlatform = () => ({
  os: process.platform === "win32" ? "windows" : process.platform,
  arch: ARCHS[process.arch] ?? process.arch
});

// src/services/binaries/sources/crate.ts
import { mkdir as mkdir5, mkdtemp, readFile as readFile3, readdir as readdir3, rm as rm5, writeFile as writeFile2 } from "node:fs/promises";
import { homedir as homedir2, tmpdir } from "node:os";
import { join as join5 } from "node:path";

// src/services/binaries/sources/crate-pins.ts
var CRATE_PINS = {
  "3.4.45": {
    "darwin-amd64": "6bebe64b7574b20afce317f1480b6f5e657fce811874833d553adc2ca2f0c407",
    "linux-amd64": "f3bea6784a9b34057e42b9340da5777f3b095a9522b070b641e8db861f2c1686",
    "linux-arm64": "75090efb45955b895f8394bf248fc61652807775b11fee9102db04455b6db6f6",
    "linux-ppc64le": "735e772afd88c8f85f898a2f6d7c3caf9e83d61e1414980f2e72dd74a90c1417"
  },
  "3.5.34": {
    "darwin-amd64": "f4146804e84a06912c3a4d40197a8f04b276b36377b96ed41d794c2401873f3a",
    "darwin-arm64": "6ac11de8d646d6319d6ad61768ae9069aebe4c2398f72b7bf6aabc53df3be42c",
    "linux-amd64": "8e95e46990dfd828adf311650553256398eeaf49731ac7133f9893daab9ed62d",
    "linux-arm64": "85a34a8101c2acd3fcf903c555cacd6d1282cf09a0525eebcc98151a7c0afd3e",
    "linux-ppc64le": "6b4a28414f4e8f0ed723f01a93413081cd73dfed204dd8a957ea0be3a3f0e1be",
    "linux-s390x": "d679458dfed713a508aa0c8460aeb8e3c1c43e63f1604b9a6d76d1bddbcc2e0a"
  },
  "3.6.15": {
    "darwin-amd64": "d39a7642ad1c023afa4f13e20eefd779a142ac63fd6d0da9b65984eac50dc6ae",
    "darwin-arm64": "cd4e0addd70f141b3198a4c7e51d8bc6762fe0a8ab60191377d2993d924eb461",
    "linux-amd64": "7bb225058cf5b867a836143cb10dbd7ceedc5e459fed89979db0c10e66fe8b1f",
    "linux-arm64": "c20812860b98e994d35ac0f86d16f2704cddb1630e02bba3556db0e16a4de858",
    "linux-ppc64le": "f058929dd7a2d1ef4c717062758f676600eb4ad3b3aa87ac10813ad6a83b0ba5",
    "linux-s390x": "a2b2804d375fcb3cbf31bbe67a0e0cf5ef484176b836ce209044fa9068ff02e5"
  },
  "3.7.2": {
    "darwin-amd64": "06dbde927444247234526ae0c28b89cc2159a3e6f8c700e94de3b373a377bd08",
    "darwin-arm64": "fb7773b8770f6e7112332c9be6523154a888d200d1e08ad98281486fc9980b35",
    "linux-amd64": "d635ad3ce93c44f484764a0009a79b1c9a8cbebb75af8cd212d9dca065417c3c",
    "linux-arm64": "04dc4c6dd883bcf7980bc0ff86d80a218b57a28aa01b22a61bf1ea73a5f9aab8",
    "linux-ppc64le": "96e274b6f93bf5a13dd6de015d9ef207912bc715b3a8d1d5edd84ecdc619c552",
    "linux-s390x": "4205e7dfefa14f399aba3004313fd623b14d12c2d21feab58b4d2002d0714738"
  }
};

// src/services/binaries/sources/source.ts
var refusals = (source, name, wish) => {
  const wanted = wish === void 0 ? name : `${name} ${wishText(wish)}`;
  return {
    lacks: (reason2, advice = "") => sourceLacks({ source, wanted, reason: reason2, advice }),
    failed: (reason2, advice = "") => fetchFailed({ source, wanted, reason: reason2, advice })
  };
};
var UNPACK_DEADLINE_MS = 12e4;
var unpack = (tar, archive, into, env, signal) => run(tar, ["-xf", archive, "-C", into, "--no-same-owner"], {
  env: { PATH: env["PATH"], HOME: env["HOME"] },
  timeoutMs: UNPACK_DEADLINE_MS,
  signal
});

// src/services/binaries/sources/crate.ts
var CRATE_PREFIX = "etcd-bin-vendored-";
var PLATFORMS = /* @__PURE__ */ new Set([
  "linux-amd64",
  "linux-arm64",
  "linux-ppc64le",
  "linux-s390x",
  "darwin-amd64",
  "darwin-arm64"
]);
var PROBE_DEADLINE_MS = 8e3;
var FETCH_DEADLINE_MS = 18e4;
function crateSource(options) {
  const { env, platform } = options;
  const key = `${platform.os}-${platform.arch}`;
  const crate = `${CRATE_PREFIX}${key}`;
  async function locked(wish, signal) {
    const { lacks } = refusals("crate", "etcd", wish);
    if (!PLATFORMS.has(key))
      return err(lacks(`there is no crate for ${platform.os}/${platform.arch}`));
    const cargo = await findTool("cargo", env);
    if (cargo === void 0) {
      return err(
        lacks(
          "no cargo on PATH",
          "With cargo (Rust) on PATH the server comes from its registry in a second."
        )
      );
    }
    const dir = await mkdtemp(join5(tmpdir(), "quorate-cargo-"));
    try {
      await writeProject(dir, crate, wish.kind === "exact" ? `=${wish.version}` : `~${wish.minor}`);
      const end = await run(cargo, ["generate-lockfile", "--color", "never"], {
        cwd: dir,
        env: toolEnv(env),
        timeoutMs: PROBE_DEADLINE_MS,
        signal
      });
      if (end.kind === "failed" || end.code !== 0) {
        return err(
          /failed to select a version|no matching package/i.test(end.stderr) ? lacks(`the registry has no ${crate} ${wishText(wish)}`) : lacks(`cargo could not ask the registry: ${complaint(end)}`)
        );
      }
      const lockText = await readFile3(join5(dir, "Cargo.lock"), "utf8");
      const entry = readLock(lockText, crate);
      if (entry === void 0)
        return err(lacks(`cargo's lock file does not name a digest of ${crate}`));
      const pin = (options.pins ?? CRATE_PINS)[entry.version]?.[key];
      if (pin !== void 0 && pin !== entry.sha256) {
        const file = `${crate}-${entry.version}`;
        return err(
          digestDiffers({ source: "crate", file, wantedSha256: pin, seenSha256: entry.sha256 })
        );
      }
      return ok({ ...entry, cargo, lockText });
    } finally {
      await rm5(dir, { recursive: true, force: true });
    }
  }
  async function fetch2(wish, lock, room) {
    const { failed, lacks } = refusals("crate", "etcd", wish);
    const project = join5(room.dir, "project");
    await writeProject(
      project,
      crate,
      wish.kind === "exact" ? `=${wish.version}` : `~${wish.minor}`
    );
    await writeFile2(join5(project, "Cargo.lock"), lock.lockText);
    room.report("fetching");
    const end = await run(lock.cargo, ["fetch", "--locked", "--color", "never"], {
      cwd: project,
      env: toolEnv(env),
      timeoutMs: FETCH_DEADLINE_MS,
      signal: room.signal
    });
    if (end.kind === "failed" || end.code !== 0)
      return err(failed(`cargo fetch: ${complaint(end)}`));
    const archive = await findArchive(
      env,
      `${crate}-${lock.version}.crate`,
      lock.sha256,
      room.signal
    );
    if (!archive.ok)
      return archive.error === void 0 ? err(failed("cargo kept no archive")) : err(archive.error);
    const tar = await findTool("tar", env);
    if (tar === void 0) return err(lacks("no tar on PATH to unpack the crate"));
    const unpacked = await unpack(tar, archive.value, room.dir, env, room.signal);
    if (unpacked.kind === "failed" || unpacked.code !== 0)
      return err(failed(`tar: ${complaint(unpacked)}`));
    return ok({
      files: [{ name: "etcd", path: join5(room.dir, `${crate}-${lock.version}`, "bin", "etcd") }]
    });
  }
  return {
    name: "crate",
    probeDeadlineMs: PROBE_DEADLINE_MS,
    offer: async (name, wish, signal) => {
      const serverOnly = refuseOthers(name, wish);
      if (serverOnly !== void 0) return err(serverOnly);
      const lock = await locked(wish, signal);
      if (!lock.ok) return lock;
      return ok({ version: lock.value.version, fetch: (room) => fetch2(wish, lock.value, room) });
    },
    versions: async (name, signal) => {
      const wishes = SUPPORTED_MINORS.map((minor) => ({ kind: "minor", minor }));
      const serverOnly = refuseOthers(name);
      if (serverOnly !== void 0) return err(serverOnly);
      const answers = await Promise.all(wishes.map((wish) => locked(wish, signal)));
      const versions = answers.flatMap((answer) => answer.ok ? [answer.value.version] : []);
      const failure = answers.find((answer) => !answer.ok);
      if (versions.length === 0 && failure?.ok === false) return err(failure.error);
      return ok({
        versions,
        note: "the newest of each minor; most earlier patches can be had by their exact version"
      });
    }
  };
}
function refuseOthers(name, wish) {
  return name === "etcd" ? void 0 : refusals("crate", name, wish).lacks("the crate carries only the server");
}
async function writeProject(dir, crate, requirement) {
  await mkdir5(join5(dir, "src"), { recursive: true });
  await writeFile2(join5(dir, "src", "lib.rs"), "");
  const manifest = [
    "[workspace]",
    "[package]",
    'name = "quorate-fetch"',
    'version = "0.0.0"',
    'edition = "2021"',
    "[dependencies]",
    `${crate} = "${requirement}"`
  ];
  await writeFile2(join5(dir, "Cargo.toml"), `${manifest.join("\n")}
`);
}
function readLock(text, crate) {
  for (const block of text.split("[[package]]")) {
    const field = (key) => new RegExp(`^${key} = "([^"]*)"$`, "m").exec(block)?.[1];
    if (field("name") !== crate) continue;
    const version = parseEtcdVersion(field("version") ?? "");
    const sha256 = field("checksum");
    if (version !== void 0 && sha256 !== void 0) return { version, sha256 };
  }
  return void 0;
}
async function findArchive(env, file, sha256, signal) {
  const cache = join5(
    env["CARGO_HOME"] || join5(env["HOME"] || homedir2(), ".cargo"),
    "registry",
    "cache"
  );
  let seenSha256;
  for (const registry of await readdir3(cache).catch(() => [])) {
    const path = join5(cache, registry, file);
    const seen = await sha256Of(path, signal).catch(() => void 0);
    if (seen === sha256) return ok(path);
    seenSha256 ??= seen;
  }
  return err(
    seenSha256 === void 0 ? void 0 : digestDiffers({ source: "crate", file, wantedSha256: sha256, seenSha256 })
  );
}

// src/services/binaries/sources/debian.ts
import { mkdir as mkdir6, readFile as readFile4, readdir as readdir4, writeFile as writeFile3 } from "node:fs/promises";
import { join as join6 } from "node:path";
var SUITES = [
  { suite: "bullseye", version: "3.3.25" },
  { suite: "bookworm", version: "3.4.23" },
  { suite: "trixie", version: "3.5.16" },
  { suite: "forky", version: "3.5.30" }
];
var PACKAGES = {
  etcd: "etcd-server",
  etcdctl: "etcd-client",
  // Seen on 3.5.16 and 3.5.30: it stands beside the server.
  etcdutl: "etcd-server"
};
var APT_DIR = "/etc/apt";
var KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
var PROBE_DEADLINE_MS2 = 5e3;
var STEP_DEADLINE_MS = 18e4;
function debianSource(options) {
  const env = { ...toolEnv(options.env), LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" };
  const aptDir = options.aptDir ?? APT_DIR;
  async function fetch2(name, wish, suite, version, tools2, room) {
    const { failed, lacks } = refusals("debian", name, wish);
    const dir = join6(room.dir, "apt");
    const packages = join6(room.dir, "packages");
    const into = join6(room.dir, "root");
    for (const each of ["lists/partial", "cache/archives/partial", "etc/preferences.d"]) {
      await mkdir6(join6(dir, each), { recursive: true });
    }
    await mkdir6(packages);
    await mkdir6(into);
    await writeFile3(join6(dir, "status"), "");
    const { mirror } = tools2;
    await writeFile3(
      join6(dir, "etc", "sources.list"),
      `deb [signed-by=${mirror.signedBy}] ${mirror.uri} ${suite} main
`
    );
    const settings = [
      `Dir::Etc=${join6(dir, "etc")}`,
      `Dir::Etc::sourcelist=${join6(dir, "etc", "sources.list")}`,
      "Dir::Etc::sourceparts=-",
      `Dir::State=${dir}`,
      `Dir::State::status=${join6(dir, "status")}`,
      `Dir::State::lists=${join6(dir, "lists")}`,
      `Dir::Cache=${join6(dir, "cache")}`,
      "Acquire::Languages=none",
      // As root, apt drops to a user who cannot write here, warns, and goes on as root.
      "APT::Sandbox::User="
    ].flatMap((setting) => ["-o", setting]);
    const step = (tool, args) => run(tool, args, { cwd: packages, env, timeoutMs: STEP_DEADLINE_MS, signal: room.signal });
    room.report("fetching");
    const updated = await step(tools2.aptGet, [
      ...settings,
      "-qq",
      "update",
      "-o",
      "APT::Update::Error-Mode=any"
    ]);
    if (updated.kind === "failed" || updated.code !== 0)
      return err(failed(`apt-get update: ${complaint(updated)}`));
    const loaded = await step(tools2.aptGet, [...settings, "-qq", "download", PACKAGES[name]]);
    if (loaded.kind === "failed" || loaded.code !== 0)
      return err(failed(`apt-get download: ${complaint(loaded)}`));
    const [deb] = (await readdir4(packages)).filter((file) => file.endsWith(".deb"));
    if (deb === void 0) return err(failed("apt-get download left no package"));
    const carried = readPackageVersion(deb);
    if (carried !== version) {
      return err(lacks(`${suite} carries ${carried ?? deb} by now, no longer ${version}`));
    }
    const unpacked = await step(tools2.dpkg, ["-x", join6(packages, deb), into]);
    if (unpacked.kind === "failed" || unpacked.code !== 0)
      return err(failed(`dpkg -x: ${complaint(unpacked)}`));
    const files = [];
    for (const each of ["etcd", "etcdctl", "etcdutl"]) {
      const path = join6(into, "usr", "bin", each);
      if (await isExecutableFile(path)) files.push({ name: each, path });
    }
    return ok({ files });
  }
  async function tools() {
    const aptGet = await findTool("apt-get", options.env);
    const dpkg = await findTool("dpkg", options.env);
    if (aptGet === void 0 || dpkg === void 0)
      return "no apt-get and dpkg on PATH: not a Debian";
    const mirror = await readMirror(aptDir);
    return mirror === void 0 ? "apt's sources on this machine name no Debian mirror" : { aptGet, dpkg, mirror };
  }
  return {
    name: "debian",
    probeDeadlineMs: PROBE_DEADLINE_MS2,
    offer: async (name, wish, _signal) => {
      const { lacks } = refusals("debian", name, wish);
      const version = newestFitting(
        wish,
        SUITES.map((each) => each.version)
      );
      const suite = SUITES.find((each) => each.version === version)?.suite;
      if (version === void 0 || suite === void 0) {
        return err(lacks(`its suites carry ${SUITES.map((each) => each.version).join(", ")}`));
      }
      if (name === "etcdutl" && !hasUtl(version))
        return err(lacks(`etcd ${version} has no etcdutl`));
      const found2 = await tools();
      if (typeof found2 === "string") return err(lacks(found2));
      return ok({ version, fetch: (room) => fetch2(name, wish, suite, version, found2, room) });
    },
    versions: async (name, _signal) => {
      const found2 = await tools();
      if (typeof found2 === "string") {
        return err(refusals("debian", name).lacks(found2));
      }
      const note = `as last seen in ${SUITES.map((each) => each.suite).join(", ")}; needs a C library as new as the suite's`;
      const versions = SUITES.map((each) => each.version);
      return ok({ versions: name === "etcdutl" ? versions.filter(hasUtl) : versions, note });
    }
  };
}
var hasUtl = (version) => {
  const parsed = parseEtcdVersion(version);
  return parsed !== void 0 && isAtLeast(parsed, 3, 5);
};
function readPackageVersion(file) {
  const version = /^[^_]+_(?:\d+%3a)?(\d+\.\d+\.\d+)/.exec(file)?.[1];
  return version === void 0 ? void 0 : parseEtcdVersion(version);
}
async function readMirror(aptDir) {
  const parts = join6(aptDir, "sources.list.d");
  const names = (await readdir4(parts).catch(() => [])).toSorted();
  const files = [
    join6(aptDir, "sources.list"),
    ...names.filter((name) => /\.(sources|list)$/.test(name)).map((name) => join6(parts, name))
  ];
  for (const file of files) {
    const text = await readFile4(file, "utf8").catch(() => "");
    const mirror = file.endsWith(".sources") ? fromParagraphs(text) : fromLines(text);
    if (mirror !== void 0) return mirror;
  }
  return void 0;
}
var SUITE = /^(bullseye|bookworm|trixie|forky|sid|oldoldstable|oldstable|stable|testing|unstable)$/;
var isDebian = (uri, suites, components) => /^https?:.*\/debian(\/|$)/.test(uri) && suites.split(/\s+/).some((suite) => SUITE.test(suite)) && components.split(/\s+/).includes("main");
function fromParagraphs(text) {
  for (const paragraph of text.split(/\n\s*\n/)) {
    const field = (name) => new RegExp(`^${name}:[ \\t]*(.*)$`, "im").exec(paragraph)?.[1]?.trim();
    const uri = field("URIs")?.split(/\s+/)[0];
    if (uri === void 0 || field("Enabled") === "no") continue;
    if (!isDebian(uri, field("Suites") ?? "", field("Components") ?? "")) continue;
    const signedBy = field("Signed-By");
    return { uri, signedBy: signedBy?.startsWith("/") === true ? signedBy : KEYRING };
  }
  return void 0;
}
function fromLines(text) {
  for (const line of text.split("\n")) {
    const [, options = "", uri = "", suite = "", components = ""] = /^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.*)$/.exec(line.trim()) ?? [];
    if (!isDebian(uri, suite, components)) continue;
    return { uri, signedBy: /signed-by=(\/[^\s,]+)/.exec(options)?.[1] ?? KEYRING };
  }
  return void 0;
}

// src/services/binaries/sources/go.ts
import { mkdir as mkdir7, mkdtemp as mkdtemp2, rm as rm6, writeFile as writeFile4 } from "node:fs/promises";
import { availableParallelism, tmpdir as tmpdir2 } from "node:os";
import { join as join7 } from "node:path";
var MODULES = {
  etcd: "go.etcd.io/etcd/server/v3",
  etcdctl: "go.etcd.io/etcd/etcdctl/v3",
  etcdutl: "go.etcd.io/etcd/etcdutl/v3"
};
var VERSION_VARIABLE = "go.etcd.io/etcd/api/v3/version.GitSHA";
var BUILT_FROM = "gomod";
var FIRST_MINOR = 5;
var PROBE_DEADLINE_MS3 = 12e3;
var BUILD_DEADLINE_MS = 20 * 6e4;
function goSource(options) {
  const env = {
    ...toolEnv(options.env),
    GOTOOLCHAIN: "local",
    GOFLAGS: "-buildvcs=false -mod=mod",
    GOWORK: "off",
    CGO_ENABLED: "0",
    // A cross-compiling person's settings must not produce a binary for another machine.
    GOOS: void 0,
    GOARCH: void 0
  };
  async function withGo({ lacks }, work, signal) {
    const tool = await findTool("go", options.env);
    if (tool === void 0) {
      return err(
        lacks("no go on PATH", "With a Go toolchain on PATH it can be built, in about a minute.")
      );
    }
    const dir = await mkdtemp2(join7(tmpdir2(), "quorate-go-"));
    try {
      await writeModule(dir, void 0);
      return await work(
        (args) => run(tool, args, { cwd: dir, env, timeoutMs: PROBE_DEADLINE_MS3, signal })
      );
    } finally {
      await rm6(dir, { recursive: true, force: true });
    }
  }
  async function build(name, module, room) {
    const { failed, lacks } = refusals("go", name, { kind: "exact", version: module.version });
    const tool = await findTool("go", options.env);
    if (tool === void 0) return err(lacks("no go on PATH any more"));
    const dir = join7(room.dir, "module");
    await mkdir7(dir);
    await writeModule(dir, module);
    const path = join7(room.dir, name);
    room.report("building");
    const end = await run(
      tool,
      [
        "build",
        "-p",
        String(Math.max(2, Math.floor(availableParallelism() / 2))),
        "-trimpath",
        "-ldflags",
        `-s -w -X ${VERSION_VARIABLE}=${BUILT_FROM}`,
        "-o",
        path,
        MODULES[name]
      ],
      { cwd: dir, env, timeoutMs: BUILD_DEADLINE_MS, signal: room.signal }
    );
    if (end.kind === "failed" || end.code !== 0) return err(failed(`go build: ${complaint(end)}`));
    return ok({ files: [{ name, path }] });
  }
  return {
    name: "go",
    probeDeadlineMs: PROBE_DEADLINE_MS3,
    offer: (name, wish, signal) => {
      const refusal = refusals("go", name, wish);
      return withGo(
        refusal,
        async (go) => {
          if (!hasModules(wish)) {
            return err(
              refusal.lacks(
                `etcd ${wishMinor(wish)} is not published as modules that can be built`
              )
            );
          }
          const [listed, goVersion] = await Promise.all([
            go(["list", "-m", "-json", `${MODULES[name]}@v${wishText(wish)}`]),
            go(["env", "GOVERSION"])
          ]);
          if (listed.kind === "failed" || listed.code !== 0) {
            return err(refusal.lacks(`the module proxy does not have it: ${complaint(listed)}`));
          }
          const module = readModule(listed.stdout);
          if (module === void 0)
            return err(refusal.lacks("go list answered something unexpected"));
          const have = goVersion.stdout.trim().replace(/^go/, "");
          if (isOlder(have, module.goVersion)) {
            return err(
              refusal.lacks(
                `etcd ${module.version} needs Go ${module.goVersion} or newer, this is Go ${have}`,
                `Install Go ${module.goVersion} or newer to build etcd ${module.version}.`
              )
            );
          }
          return ok({ version: module.version, fetch: (room) => build(name, module, room) });
        },
        signal
      );
    },
    versions: (name, signal) => {
      const refusal = refusals("go", name);
      return withGo(
        refusal,
        async (go) => {
          const minors = SUPPORTED_MINORS.filter((minor) => hasModules({ kind: "minor", minor }));
          const [all, ...newest] = await Promise.all([
            go(["list", "-m", "-versions", MODULES[name]]),
            ...minors.map((minor) => go(["list", "-m", "-json", `${MODULES[name]}@v${minor}`]))
          ]);
          if (all.kind === "failed" || all.code !== 0) {
            return err(refusal.failed(`go list: ${complaint(all)}`));
          }
          const listed = all.stdout.trim().split(/\s+/).slice(1);
          const lines = newest.flatMap((end) => readModule(end.stdout)?.version ?? []);
          return ok({
            versions: [...listed, ...lines],
            note: "built here, in about a minute; patches missing from the list can often be had by their exact version"
          });
        },
        signal
      );
    }
  };
}
var hasModules = (wish) => {
  const [major = 0, minor = 0] = wishMinor(wish).split(".").map(Number);
  return major > 3 || major === 3 && minor >= FIRST_MINOR;
};
async function writeModule(dir, module) {
  const lines = module === void 0 ? [] : [
    `go ${module.goVersion}`,
    ...Object.values(MODULES).map((path) => `require ${path} v${module.version}`)
  ];
  await writeFile4(
    join7(dir, "go.mod"),
    ["module quorate.invalid/etcd-build", ...lines, ""].join("\n")
  );
}
function readModule(stdout) {
  try {
    const value = JSON.parse(stdout);
    const version = typeof value.Version === "string" ? parseEtcdVersion(value.Version) : void 0;
    if (version === void 0) return void 0;
    return { version, goVersion: typeof value.GoVersion === "string" ? value.GoVersion : "1.0" };
  } catch {
    return void 0;
  }
}
function isOlder(have, needed) {
  const numbers = (text) => /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(text)?.slice(1).map((part) => Number(part ?? 0));
  const a = numbers(have);
  const b = numbers(needed);
  if (a === void 0 || b === void 0) return false;
  for (let i = 0; i < 3; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

// src/services/binaries/sources/release.ts
import { createHash as createHash3 } from "node:crypto";
import { createWriteStream } from "node:fs";
import { lstat as lstat2 } from "node:fs/promises";
import { join as join8 } from "node:path";
import { Readable } from "node:stream";
import { pipeline as pipeline2 } from "node:stream/promises";
var DOWNLOADS = "https://github.com/etcd-io/etcd/releases/download";
var LISTING = "https://api.github.com/repos/etcd-io/etcd/releases?per_page=100";
var PROBE_DEADLINE_MS4 = 2500;
var DOWNLOAD_DEADLINE_MS = 10 * 6e4;
var SMALL_BYTES_MAX = 8 * 1024 * 1024;
var ARCHIVE_BYTES_MAX = 256 * 1024 * 1024;
var REPORT_EVERY_BYTES = 1024 * 1024;
function releaseSource(options) {
  const { env, platform } = options;
  const mirror = env["QUORATE_RELEASES"];
  const addresses = options.addresses ?? (mirror === void 0 || mirror === "" ? { downloads: DOWNLOADS, listing: LISTING } : { downloads: mirror.replace(/\/+$/, "") });
  const unsafe = isSafe(addresses.downloads) ? void 0 : "QUORATE_RELEASES is no https address, and the digests would come over the same line";
  const suffix = platform.os === "linux" ? "tar.gz" : "zip";
  async function list(signal) {
    if (addresses.listing === void 0)
      return err("a mirror has no list of versions: name an exact one");
    const answer = await getText(addresses.listing, signal);
    if (!answer.ok) return answer;
    return ok(
      [...answer.value.matchAll(/"tag_name"\s*:\s*"v([^"]+)"/g)].map(([, tag = ""]) => tag)
    );
  }
  async function download(name, version, archive, sha256, room) {
    const { failed, lacks } = refusals("release", name, { kind: "exact", version });
    const tar = await findTool("tar", env);
    if (tar === void 0) return err(lacks("no tar on PATH to unpack the archive"));
    const file = join8(room.dir, archive);
    const got = await getFile(`${addresses.downloads}/v${version}/${archive}`, file, room);
    if (!got.ok) return err(failed(got.error));
    if (got.value !== sha256) {
      return err(
        digestDiffers({
          source: "release",
          file: archive,
          wantedSha256: sha256,
          seenSha256: got.value
        })
      );
    }
    const end = await unpack(tar, file, room.dir, env, room.signal);
    if (end.kind === "failed" || end.code !== 0) return err(failed(`tar: ${complaint(end)}`));
    const inside = join8(room.dir, archive.slice(0, -`.${suffix}`.length));
    const files = [];
    for (const each of programsOf(version)) {
      const path = join8(inside, each);
      if ((await lstat2(path).catch(() => void 0))?.isFile() === true)
        files.push({ name: each, path });
    }
    return ok({ files });
  }
  return {
    name: "release",
    probeDeadlineMs: PROBE_DEADLINE_MS4,
    offer: async (name, wish, signal) => {
      const { lacks } = refusals("release", name, wish);
      if (unsafe !== void 0) return err(lacks(unsafe));
      const version = await pick(wish, () => list(signal));
      if (!version.ok) return err(lacks(version.error));
      if (!programsOf(version.value).includes(name))
        return err(lacks(`etcd ${version.value} has no ${name}`));
      const sums = await getText(`${addresses.downloads}/v${version.value}/SHA256SUMS`, signal);
      if (!sums.ok) return err(lacks(sums.error));
      const archive = `etcd-v${version.value}-${platform.os}-${platform.arch}.${suffix}`;
      const sha256 = readSums(sums.value, archive);
      if (sha256 === void 0) return err(lacks(`the release has no ${archive}`));
      return ok({
        version: version.value,
        fetch: (room) => download(name, version.value, archive, sha256, room)
      });
    },
    versions: async (name, signal) => {
      const listed = await list(signal);
      return listed.ok ? ok({ versions: listed.value, note: "the hundred newest releases" }) : err(refusals("release", name).lacks(listed.error));
    }
  };
}
function isSafe(address) {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname: hostname2 } = new URL(address);
  return protocol === "https:" || protocol === "http:" && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname2);
}
async function pick(wish, list) {
  if (wish.kind === "exact") return ok(wish.version);
  const listed = await list();
  if (!listed.ok) return listed;
  const version = newestFitting(wish, listed.value);
  return version === void 0 ? err(`no release of ${wish.minor} among the newest hundred`) : ok(version);
}
var programsOf = (version) => isAtLeast(version, 3, 5) ? ["etcd", "etcdctl", "etcdutl"] : ["etcd", "etcdctl"];
function readSums(text, file) {
  for (const line of text.split("\n")) {
    const [, sha256, name] = /^([0-9a-fA-F]{64})\s+\*?(\S+)\s*$/.exec(line) ?? [];
    if (name === file) return sha256?.toLowerCase();
  }
  return void 0;
}
async function get(url, signal) {
  try {
    const response = await fetch(url, {
      signal,
      redirect: "follow",
      headers: { "user-agent": "quorate" }
    });
    if (url.startsWith("https:") && !response.url.startsWith("https:")) {
      await response.body?.cancel();
      return err(`${hostOf(url)} leads to an address without TLS`);
    }
    if (response.ok) return ok(response);
    await response.body?.cancel();
    return err(
      response.status === 404 ? `${hostOf(url)} has no such release` : `${hostOf(url)} answered ${response.status}`
    );
  } catch (error) {
    return err(`${hostOf(url)} cannot be reached: ${causeOf(error)}`);
  }
}
async function getText(url, signal) {
  const answer = await get(url, signal);
  if (!answer.ok) return answer;
  try {
    const chunks = [];
    let receivedBytes = 0;
    for await (const chunk of streamOf(answer.value)) {
      chunks.push(chunk);
      receivedBytes += chunk.length;
      if (receivedBytes > SMALL_BYTES_MAX) return err(`${hostOf(url)} sent far more than a list`);
    }
    return ok(Buffer.concat(chunks).toString("utf8"));
  } catch (error) {
    return err(`${hostOf(url)} broke off: ${causeOf(error)}`);
  }
}
async function getFile(url, file, room) {
  const got = await withDeadline(
    systemClock,
    DOWNLOAD_DEADLINE_MS,
    room.signal,
    (signal) => receive(url, file, room, signal)
  );
  return got.late ? err("the download did not end in time") : got.value;
}
async function receive(url, file, room, signal) {
  const answer = await get(url, signal);
  if (!answer.ok) return answer;
  const length = Number(answer.value.headers.get("content-length") ?? Number.NaN);
  const total = Number.isSafeInteger(length) && length > 0 ? { totalBytes: length } : {};
  const hash = createHash3("sha256");
  let receivedBytes = 0;
  let reportedBytes = 0;
  const watch = async function* (chunks) {
    for await (const chunk of chunks) {
      hash.update(chunk);
      receivedBytes += chunk.length;
      if (receivedBytes > ARCHIVE_BYTES_MAX)
        throw new Error("the archive is far larger than one of etcd");
      if (receivedBytes - reportedBytes >= REPORT_EVERY_BYTES) {
        reportedBytes = receivedBytes;
        room.report("fetching", { receivedBytes, ...total });
      }
      yield chunk;
    }
  };
  room.report("fetching", { receivedBytes, ...total });
  try {
    await pipeline2(streamOf(answer.value), watch, createWriteStream(file, { flags: "wx" }), {
      signal
    });
  } catch (error) {
    return err(`the download broke off after ${receivedBytes} bytes: ${causeOf(error)}`);
  }
  room.report("fetching", { receivedBytes, ...total });
  return ok(hash.digest("hex"));
}
var streamOf = (response) => response.body === null ? Readable.from([]) : Readable.fromWeb(response.body);
var hostOf = (url) => new URL(url).host;
function causeOf(error) {
  if (isAbort(error)) return "no answer in time";
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

// src/services/binaries/binaries.ts
var LISTING_DEADLINE_MS = 15e3;
var productSources = (env, platform) => [
  releaseSource({ env, platform }),
  crateSource({ env, platform }),
  goSource({ env }),
  debianSource({ env })
];
var createBinaries = (options) => binariesFrom(options, productSources(options.env, thisPlatform()));
function binariesFrom(options, everySource) {
  const { env, clock } = options;
  const allowed = new Set(options.sources ?? SOURCE_ORDER);
  const places = placesIn(options.cacheDir);
  const unique = () => `${process.pid}-${systemRandom.hex(6)}`;
  const cache = binaryCache({ places, env, clock, unique });
  const paths = namedPaths({ paths: options.paths ?? [], places, env, unique });
  const local = { allowed, paths, cache };
  const progress = options.progress ?? (() => void 0);
  const context = {
    places,
    cache,
    env,
    clock,
    unique,
    progress,
    ...options.lockWaitMs === void 0 ? {} : { lockWaitMs: options.lockWaitMs }
  };
  const fetchers = everySource.filter(({ name }) => options.offline !== true && allowed.has(name)).toSorted((a, b) => SOURCE_ORDER.indexOf(a.name) - SOURCE_ORDER.indexOf(b.name));
  async function resolve2(name, text, signal, ask) {
    const wish = parseWish(text);
    if (wish === void 0) return err(badVersionWish({ wish: text }));
    const account = [];
    const skip = (source, problem) => {
      account.push({ source, problem });
      progress({ kind: "skipped", source, name, wish: wishText(wish), problem });
    };
    const here = await atHandFor(name, wish, local, skip, signal);
    signal.throwIfAborted();
    const wantsNewer = ask.newest === true && wish.kind === "minor";
    if (here !== void 0 && (!wantsNewer || fetchers.length === 0)) return ok(here);
    const stop = new AbortController();
    const probing = AbortSignal.any([signal, stop.signal]);
    const probes = fetchers.map((source) => {
      progress({ kind: "probing", source: source.name, name, wish: wishText(wish) });
      return probe(source, name, wish, probing);
    });
    try {
      const candidates = wantsNewer ? await newestOffersFirst(probes) : probes;
      for (const { source, offer } of candidates) {
        const answer = await offer;
        signal.throwIfAborted();
        if (!answer.ok) {
          skip(source.name, answer.error);
          continue;
        }
        if (here !== void 0 && !isNewer(answer.value.version, here.version)) return ok(here);
        const installed = await install(context, source.name, name, answer.value, signal);
        if (installed.ok) return installed;
        skip(source.name, installed.error);
      }
      return here === void 0 ? err(accountOf(name, wish, allowed, options.offline === true, account)) : ok(here);
    } finally {
      stop.abort();
      await Promise.allSettled(probes.map(({ gone }) => gone));
    }
  }
  return {
    resolve: async (name, wish, signal, ask = {}) => {
      try {
        return await resolve2(name, wish, signal, ask);
      } catch (error) {
        if (signal.aborted) return err(binariesCancelled({ wanted: `${name} ${wish}` }));
        throw error;
      }
    },
    atHand: async (signal) => {
      const found2 = [];
      for (const name of BINARY_NAMES) found2.push(...await everythingAtHand(name, local, signal));
      return found2;
    },
    available: async (name, signal) => {
      const here = await everythingAtHand(name, local, signal);
      const offers = ["path", "cache"].filter((source) => allowed.has(source)).map((source) => {
        const versions = here.filter((each) => each.source === source).map((each) => each.version);
        return { source, versions: newestFirst(versions) };
      });
      return [
        ...offers,
        ...await Promise.all(fetchers.map((source) => listOf(source, name, signal)))
      ];
    }
  };
}
function probe(source, name, wish, signal) {
  const wanted = `${name} ${wishText(wish)}`;
  const asked = question(
    source,
    source.probeDeadlineMs,
    wanted,
    signal,
    (each) => source.offer(name, wish, each)
  );
  const offer = asked.answer.then((answer) => {
    if (!answer.ok || fits(wish, answer.value.version)) return answer;
    const { version } = answer.value;
    const reason2 = `its newest is ${version}, which must be named exactly${dangerText(version)}`;
    return err(sourceLacks({ source: source.name, wanted, reason: reason2, advice: "" }));
  });
  offer.catch(() => void 0);
  return { source, offer, gone: asked.gone };
}
async function listOf(source, name, signal) {
  const asked = question(
    source,
    LISTING_DEADLINE_MS,
    name,
    signal,
    (each) => source.versions(name, each)
  );
  const [answer] = await Promise.all([asked.answer, asked.gone]);
  if (!answer.ok) return { source: source.name, versions: [], problem: answer.error };
  const { versions, note } = answer.value;
  const said = note === void 0 ? {} : { note };
  return { source: source.name, versions: newestFirst(versions), ...said };
}
function question({ name: source }, deadlineMs, wanted, signal, ask) {
  let work = Promise.resolve();
  const put = async () => {
    try {
      const answer2 = await withDeadline(systemClock, deadlineMs, signal, (each) => {
        const asked = ask(each);
        work = asked;
        return asked;
      });
      return answer2.late ? err(sourceSlow({ source, wanted, deadlineMs })) : answer2.value;
    } catch (error) {
      if (!isSystemError(error)) throw error;
      return err(fetchFailed({ source, wanted, reason: error.message, advice: "" }));
    }
  };
  const answer = put();
  return { answer, gone: Promise.allSettled([answer]).then(() => Promise.allSettled([work])) };
}
async function newestOffersFirst(probes) {
  const answered = await Promise.all(
    probes.map(async (each) => ({ each, answer: await each.offer }))
  );
  return answered.toSorted((a, b) => {
    if (!a.answer.ok || !b.answer.ok) return Number(a.answer.ok) - Number(b.answer.ok);
    return compareVersions(b.answer.value.version, a.answer.value.version);
  }).map(({ each }) => each);
}
function accountOf(name, wish, allowed, offline, account) {
  const wanted = `${name} ${wishText(wish)}`;
  const silent = [
    ["path", `no ${name} on PATH`],
    ["cache", `no ${wanted} in it`]
  ].filter(([source]) => allowed.has(source) && !account.some((each) => each.source === source)).map(([source, reason2]) => ({
    source,
    problem: sourceLacks({ source, wanted, reason: reason2, advice: "" })
  }));
  const inOrder = [...silent, ...account].toSorted(
    (a, b) => SOURCE_ORDER.indexOf(a.source) - SOURCE_ORDER.indexOf(b.source)
  );
  const tried = inOrder.map(({ source, problem }) => ({
    source,
    code: problem.code,
    reason: reasonOf(problem),
    hint: problem.hint
  }));
  return noBinary({ name, wish: wishText(wish), offline, tried });
}
function reasonOf(problem) {
  const { reason: reason2 } = problem.data;
  const isRefusal = sourceLacks.is(problem) || fetchFailed.is(problem);
  const said = isRefusal && typeof reason2 === "string" ? reason2 : problem.summary;
  return problem.detail === "" ? said : `${said} (${problem.detail})`;
}

// test/lab/matrix.ts
var MINORS = ["3.4", "3.5", "3.6", "3.7"];
var LONG = process.env["QUORATE_LONG"] === "1";

// test/lab/etcds-at-hand.ts
var FETCH_MS = 6e5;
async function fetchEtcds(say2) {
  const binaries = productBinaries(say2);
  const etcds = {};
  for (const minor of MINORS) etcds[minor] = await fetchEtcd(binaries, minor, say2);
  const ctl = (await binaries.atHand(AbortSignal.timeout(FETCH_MS))).find(
    ({ name }) => name === "etcdctl"
  );
  return ctl === void 0 ? etcds : { ...etcds, ctl };
}
function productBinaries(say2) {
  return createBinaries({
    cacheDir: defaultCacheDir(process.env),
    env: process.env,
    clock: systemClock,
    progress: (event) => {
      if (event.kind === "fetching" && event.receivedBytes === void 0) {
        say2(`fetching ${event.name} ${event.version} from ${event.source}`);
      }
      if (event.kind === "building") {
        say2(`building ${event.name} ${event.version} from ${event.source}; this takes a minute`);
      }
    }
  });
}
async function fetchEtcd(binaries, minor, say2) {
  const found2 = await binaries.resolve("etcd", minor, AbortSignal.timeout(FETCH_MS));
  if (!found2.ok) {
    throw new Error(
      `The lab needs etcd ${minor}, and it cannot be had here.
${renderProblem(found2.error)}`
    );
  }
  const { version, path, origin, source } = found2.value;
  say2(`etcd ${version} is at hand (${origin ?? source})`);
  return { version, path };
}

// test/lab/hosts/base-tree.ts
import { createHash as createHash4 } from "node:crypto";
import { access as access2, mkdir as mkdir8, readFile as readFile5 } from "node:fs/promises";
import { join as join9 } from "node:path";

// test/lab/hosts/commands.ts
import { spawn as spawn2 } from "node:child_process";
async function answerOf([program2 = "", ...args], { stdin = "", env } = {}) {
  const child = spawn2(program2, args, env === void 0 ? {} : { env });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text) => stdout += text);
  child.stderr.setEncoding("utf8").on("data", (text) => stderr += text);
  child.stdin.on("error", () => void 0);
  child.stdin.end(stdin);
  return await new Promise((resolve2, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve2({ code: code ?? 128, stdout, stderr }));
  });
}

// test/lab/hosts/say.ts
var say = (line) => void process.stderr.write(`hosts: ${line}
`);

// test/lab/hosts/base-tree.ts
var DEPLOY = { name: "deploy", uid: 1e3 };
var PACKAGES2 = [
  "systemd",
  "systemd-sysv",
  "dbus",
  "libpam-systemd",
  "openssh-server",
  "sudo",
  "iproute2",
  "iputils-ping",
  "procps",
  "ca-certificates",
  "netbase"
];
var MASKED = [
  "apt-daily.timer",
  "apt-daily-upgrade.timer",
  "dpkg-db-backup.timer",
  "fstrim.timer",
  "e2scrub_all.timer",
  "e2scrub_reap.service",
  "console-getty.service",
  "getty.target",
  "systemd-pstore.service",
  "systemd-udev-trigger.service"
];
var CUSTOMIZE = `set -e
rm -f "$1"/etc/ssh/ssh_host_*
for unit in ${MASKED.join(" ")}; do ln -sf /dev/null "$1/etc/systemd/system/$unit"; done
mkdir -p "$1/etc/systemd/journald.conf.d"
printf '[Journal]\\nStorage=volatile\\n' > "$1/etc/systemd/journald.conf.d/lab.conf"
printf 'MaxSessions 100\\nMaxStartups 100:30:200\\nUseDNS no\\n' > "$1/etc/ssh/sshd_config.d/lab.conf"
chroot "$1" useradd --create-home --uid ${DEPLOY.uid} --shell /bin/bash ${DEPLOY.name}
printf '${DEPLOY.name} ALL=(ALL) NOPASSWD: ALL\\n' > "$1/etc/sudoers.d/${DEPLOY.name}"
chmod 440 "$1/etc/sudoers.d/${DEPLOY.name}"
`;
var UNDOCUMENTED = ["man", "doc", "locale"].map(
  (what) => `--dpkgopt=path-exclude=/usr/share/${what}/*`
);
var SOURCES = "/etc/apt/sources.list.d/debian.sources";
async function baseTree() {
  const suite = await suiteOfThisMachine();
  const sources = await readFile5(SOURCES, "utf8");
  const recipe = JSON.stringify([suite, sources, PACKAGES2, CUSTOMIZE, UNDOCUMENTED]);
  const hash = createHash4("sha256").update(recipe).digest("hex").slice(0, 16);
  const cache = join9(defaultCacheDir(process.env), "lab-hosts");
  const tree = join9(cache, hash);
  if (await exists(tree)) return tree;
  await mkdir8(cache, { recursive: true });
  say("installing the base tree of the hosts, once (half a minute)");
  const installer = [
    "mmdebstrap",
    "--quiet",
    "--variant=apt",
    "--mode=root",
    `--include=${PACKAGES2.join(",")}`,
    ...UNDOCUMENTED,
    `--customize-hook=${CUSTOMIZE}`,
    suite,
    `${tree}.partial`,
    SOURCES
  ];
  const locked = ["flock", join9(cache, "lock"), "sh", "-c", MAKE, "sh", tree];
  const made = await answerOf([...locked, ...installer]);
  if (made.code !== 0) {
    throw new Error(`The base tree of the hosts cannot be made.
${made.stderr.slice(-4e3)}`);
  }
  return tree;
}
var MAKE = `set -e
tree=$1; shift
[ -d "$tree" ] && exit 0
rm -rf --one-file-system "$tree.partial"
"$@"
mv "$tree.partial" "$tree"
`;
async function suiteOfThisMachine() {
  const release = await readFile5("/etc/os-release", "utf8");
  return /^VERSION_CODENAME=(\w+)$/m.exec(release)?.[1] ?? "stable";
}
var exists = async (path) => await access2(path).then(
  () => true,
  () => false
);

// test/lab/hosts/cgroups.ts
import { join as join10 } from "node:path";
var ROOT = "/sys/fs/cgroup";
async function unifiedHierarchy() {
  for (const root of [ROOT, join10(ROOT, "unified")]) {
    if (await exists(join10(root, "cgroup.controllers"))) return root;
  }
  return void 0;
}

// test/lab/hosts/machine.ts
var PROGRAMS = {
  "systemd-nspawn": "systemd-container",
  mmdebstrap: "mmdebstrap",
  nft: "nftables",
  ip: "iproute2",
  ssh: "openssh-client",
  "ssh-keygen": "openssh-client",
  "mkfs.ext4": "e2fsprogs",
  mount: "mount",
  nsenter: "util-linux",
  setpriv: "util-linux",
  flock: "util-linux",
  perl: "perl-base"
};
async function whyNoHosts() {
  if (process.platform !== "linux")
    return `hosts need Linux\u2019s namespaces, and this is ${process.platform}`;
  if (process.getuid?.() !== 0) return "making hosts needs root";
  if (!await exists(SOURCES))
    return `hosts are made from Debian\u2019s packages, and there is no ${SOURCES} here`;
  if (await unifiedHierarchy() === void 0) return "there is no cgroup hierarchy of version 2";
  const refused2 = await whyNoPackages() ?? await whyNoNamespaces();
  if (refused2 !== void 0) return refused2;
  return await baseTree().then(
    () => void 0,
    (error) => error.message
  );
}
async function whyNoPackages() {
  const found2 = await answerOf(["sh", "-c", LACKING, "sh", ...Object.keys(PROGRAMS)]);
  const lacking = found2.stdout.split("\n").filter(Boolean);
  if (lacking.length === 0) return void 0;
  const packages = [...new Set(lacking.flatMap((program2) => PROGRAMS[program2] ?? []))];
  say(`installing ${packages.join(", ")}`);
  const installed = await answerOf(["sh", "-c", INSTALL, "sh", ...packages]);
  if (installed.code === 0) return void 0;
  return `${packages.join(", ")} cannot be installed: ${installed.stderr.trim().slice(-2e3)}`;
}
var LACKING = 'for program; do command -v "$program" > /dev/null || echo "$program"; done';
var INSTALL = `export DEBIAN_FRONTEND=noninteractive
apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"`;
async function whyNoNamespaces() {
  const namespaces = ["--mount", "--net", "--pid", "--fork", "--mount-proc"];
  const tried = await answerOf(["unshare", ...namespaces, "sh", "-e", "-c", TRIAL]);
  return tried.code === 0 ? void 0 : `a host cannot be made here: ${tried.stderr.trim()}`;
}
var TRIAL = `mount -t tmpfs lab /mnt
mkdir /mnt/lower /mnt/upper /mnt/work /mnt/root /mnt/disk
mount -t overlay lab -o lowerdir=/mnt/lower,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root
truncate --size 8M /mnt/disk.img
mkfs.ext4 -q /mnt/disk.img
mount -o loop /mnt/disk.img /mnt/disk
ip link add lab0 type bridge
ip link add lab1 type veth peer name lab2
nft 'add table inet t; add chain inet t in { type filter hook input priority -300; }'`;

// test/lab/hosts/network-of-run.ts
import { spawn as spawn3 } from "node:child_process";
var VARIABLE = "QUORATE_HOSTS_NETWORK";
var WHY_NOT = "QUORATE_HOSTS_NOT_HERE";
async function runInNetwork(program2) {
  const prepare = `ip link set lo up && ${VARIABLE}=$(readlink /proc/self/ns/net) exec "$@"`;
  return await runAs(["unshare", "--net", "sh", "-c", prepare, "sh", ...program2], {});
}
var runWithout = async (program2, reason2) => await runAs(program2, { [WHY_NOT]: reason2 });
async function runAs([program2 = "", ...args], env) {
  const child = spawn3(program2, args, { stdio: "inherit", env: { ...process.env, ...env } });
  const end = () => void child.kill("SIGTERM");
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, end);
  return await new Promise((resolve2, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve2(code ?? 130));
  });
}

// test/lab/hosts/run.ts
var program = ["npx", "vitest", "run", "--project", "hosts", ...process.argv.slice(2)];
var reason = await whyNoHosts();
if (reason === void 0) {
  await fetchEtcds(say);
  process.exitCode = await runInNetwork(program);
} else {
  say(`the tests of hosts are skipped: ${reason}`);
  process.exitCode = await runWithout(program, reason);
}
