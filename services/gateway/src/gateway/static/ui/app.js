// The page: two pictures in, one try-on out, by the public API alone, as any other client would.
import { follow } from "./updates.js";

const $ = (id) => document.getElementById(id);
const RECHECK_MS = 5000; // A job is also asked for this often: a lost event costs seconds, not the try-on.
const STAGES = {
  held: "Others are first", preparing: "Finding the person", waiting: "Waiting for a worker",
  fetching: "A worker has it", denoising: "Making the picture", storing: "Storing the picture",
};
const ENDED = ["completed", "failed", "canceled", "expired"];
const pictures = {}; // kind -> File
const jobs = new Map(); // job_id -> what was last heard of it
const listeners = new Set();
let user; // a promise of {token}: one guest for the life of the page

for (const kind of ["person", "garment"]) {
  const [drop, input] = [$(`${kind}-drop`), $(kind)];
  input.addEventListener("change", () => input.files[0] && choose(kind, input.files[0]));
  for (const name of ["dragover", "dragleave", "drop"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.toggle("over", name === "dragover");
    });
  }
  drop.addEventListener("drop", (event) => event.dataTransfer.files[0] && choose(kind, event.dataTransfer.files[0]));
}

function choose(kind, file) {
  pictures[kind] = file;
  const drop = $(`${kind}-drop`);
  const image = drop.querySelector("img");
  URL.revokeObjectURL(image.src);
  image.src = URL.createObjectURL(file);
  image.alt = `The ${kind}: ${file.name}`;
  image.hidden = false;
  drop.classList.add("full");
  $("go").disabled = !(pictures.person && pictures.garment);
}

$("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  $("go").disabled = true;
  $("done").hidden = true;
  $("work").classList.remove("bad");
  $("work").hidden = false;
  $("bar").hidden = false;
  try {
    await tryOn($("category").value);
    $("work").hidden = true;
  } catch (error) {
    $("work").classList.add("bad");
    $("bar").hidden = true;
    say(error.message);
  }
  $("go").disabled = false;
});

async function tryOn(category) {
  const begun = performance.now();
  say("Uploading");
  user ??= enter().catch((error) => { user = undefined; throw error; });
  await user;
  const [personUrl, garmentUrl] = await Promise.all(["person", "garment"].map(upload));
  const cut = await submit("/segformer/segmentOutfitPic", { image_url: garmentUrl, category });
  const { results: [found] } = await finish(cut, () => say("Cutting the garment out"));
  const clothUrl = found.cloth_clean_url;
  const snap = await submit("/api/snap", { user_photo_url: personUrl, cloth_clean_url: clothUrl, category });
  const job = await finish(snap, (news) => {
    const { step, steps } = news.progress ?? {};
    say(STAGES[news.stage] ?? "Trying it on", steps > 1 ? step / steps : undefined);
  });
  await show(job.results[0], ((performance.now() - begun) / 1000).toFixed(1), category === "auto" ? found : undefined);
}

async function enter() {
  const token = $("key").value.trim() || await becomeGuest();
  const onEvent = (name, event) => {
    note({ ...jobs.get(event.job_id), ...event, progress: name === "progress" ? event : null });
  };
  await follow({ token, onEvent });
  return { token };
}

async function becomeGuest() {
  try {
    return (await ask("POST", "/v1/auth/guest", { token: null })).access_token;
  } catch (error) {
    if (error.code !== "guests_disabled") throw error;
    $("key-row").hidden = false;
    $("key").focus();
    throw new Error("This deployment serves known callers only. Put in an access token, then try again.");
  }
}

async function upload(kind) {
  const file = pictures[kind];
  const wanted = new URLSearchParams({ kind, content_type: file.type, size_bytes: file.size });
  const ticket = await ask("GET", `/images/presignedUpUrl?${wanted}`);
  const { "Content-Length": _, ...headers } = ticket.headers; // The browser sets the length itself.
  const answer = await fetch(ticket.upload_url, { method: ticket.method, headers, body: file });
  if (!answer.ok) throw new Error(`The store refused the ${kind}’s photo (${answer.status}).`);
  // Its preparation begins now; if that is refused, the submit starts it.
  await ask("POST", `/v1/images/${ticket.image_id}/uploaded`).catch(() => undefined);
  return ticket.image_url;
}

const submit = async (path, body) => (await ask("POST", path, { body })).job_id;

async function finish(id, onNews) {
  for (note(await ask("GET", `/api/status/${id}`)); ; await news(id)) {
    const job = jobs.get(id);
    if (job.status === "completed") return job;
    if (job.error) throw new Error([job.error.message, job.error.hint].filter(Boolean).join(" "));
    if (ENDED.includes(job.status)) throw new Error(`The job was ${job.status}.`);
    onNews(job);
  }
}

function note(job) {
  if (ENDED.includes(jobs.get(job.job_id)?.status)) return; // A slower answer is older news.
  jobs.set(job.job_id, job);
  for (const listener of listeners) listener(job.job_id);
}

function news(id) {
  return new Promise((resolve, reject) => {
    const end = (settle, value) => { clearTimeout(timer); listeners.delete(listener); settle(value); };
    const listener = (changed) => changed === id && end(resolve);
    const recheck = async () => note(await ask("GET", `/api/status/${id}`));
    const timer = setTimeout(() => recheck().then(() => end(resolve), (error) => end(reject, error)), RECHECK_MS);
    listeners.add(listener);
  });
}

function about(result, guessed) {
  const others = (guessed?.categories ?? []).filter((one) => one.category !== guessed.category).slice(0, 2);
  const guess = guessed && `Taken for: ${guessed.category}` +
    (others.length ? ` (or ${others.map((one) => `${one.category} ${Math.round(one.score * 100)} %`).join(", ")}).` : ".");
  const quality = result.quality_score == null ? "" : `Quality ${result.quality_score.toFixed(2)} of 1.`;
  return [quality, guess, ...(result.warnings ?? []).map((one) => `${one.message} ${one.hint}`)].filter(Boolean).join(" ");
}

async function show(result, seconds, guessed) {
  const { download_url: signed } = await ask("GET", result.url, { accept: "application/json" });
  const picture = URL.createObjectURL(await (await fetch(signed)).blob());
  $("after").src = $("save").href = picture;
  $("save").download = `try-on.${result.content_type.split("/")[1]}`;
  $("before").src = $("person-drop").querySelector("img").src;
  $("made").textContent = `Made by “${result.engine}” in ${seconds} s. ${about(result, guessed)}`;
  setSplit(0);
  $("done").hidden = false;
  await $("after").decode();
  $("done").scrollIntoView({ block: "nearest" });
}

function setSplit(percent) {
  $("split").value = percent;
  document.documentElement.style.setProperty("--split", `${percent}%`);
}
$("split").addEventListener("input", () => setSplit($("split").value));

function say(words, fraction) {
  $("words").textContent = words;
  if (fraction === undefined) $("bar").removeAttribute("value");
  else $("bar").value = fraction;
}

async function ask(method, path, { body, token, accept } = {}) {
  const headers = new Headers(accept && { Accept: accept });
  if (token !== null) headers.set("Authorization", `Bearer ${(await user).token}`);
  if (body) headers.set("Content-Type", "application/json");
  const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
  if (answer.ok) return answer.json();
  const problem = await answer.json().catch(() => ({}));
  const words = [problem.detail ?? problem.title ?? `HTTP ${answer.status}`, problem.hint].filter(Boolean).join(" ");
  throw Object.assign(new Error(words), { code: problem.code });
}
