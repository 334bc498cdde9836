/* Lists of file names: from text, from files that are lists, and from the names of files themselves.
   Of other files nothing but the name is read. */

export const MAX_NAMES = 5000;

const MAX_LIST_BYTES = 4 * 1024 * 1024;
const MAX_DEPTH = 12; // folders within folders
const LISTS = /\.(txt|lst|m3u8?)$/i;
const VIDEOS = /\.(3gp|avi|divx|flv|iso|m2ts|m4v|mkv|mov|mp4|mpe?g|mts|ogm|ogv|rmvb|ts|vob|webm|wmv)$/i;

/** Return the names of a text, one on each line; empty lines and comments of playlists are left out. */
export function parseNames(text) {
  return text
    .split(/\r\n|\r|\n/)
    .map((line) => line.trim().replace(/^"(.*)"$/, "$1"))
    .filter((line) => line && !line.startsWith("#EXT"));
}

/** Return the names that files stand for: the lines of lists, else the paths of the files. */
export async function readNames(files) {
  if (files.length > 0 && files.every(isList)) {
    const texts = await Promise.all(files.map(decodeList));
    return texts.flatMap(parseNames);
  }
  const paths = files.map((file) => file.path || file.webkitRelativePath || file.name);
  const videos = paths.filter((path) => VIDEOS.test(path));
  return videos.length ? videos : paths;
}

/** Return the files of a drop, those in dropped folders included. */
export async function listDropped(transfer) {
  const items = [...transfer.items].filter((item) => item.kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return [...transfer.files];
  const files = [];
  for (const entry of entries) await collect(entry, files, 0);
  return files;
}

const isList = (file) => LISTS.test(file.name) && file.size <= MAX_LIST_BYTES && !file.path;

/* Windows writes lists in UTF-16 with a mark at the start. */
async function decodeList(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const isWide = (first, second) => bytes[0] === first && bytes[1] === second;
  if (isWide(0xff, 0xfe)) return new TextDecoder("utf-16le").decode(bytes);
  if (isWide(0xfe, 0xff)) return new TextDecoder("utf-16be").decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

async function collect(entry, files, depth) {
  if (files.length >= MAX_NAMES || depth > MAX_DEPTH) return;
  if (!entry.isDirectory) {
    files.push({ name: entry.name, path: entry.fullPath.replace(/^\//, ""), size: 0 });
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const batch = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!batch.length) return;
    for (const child of batch) await collect(child, files, depth + 1);
  }
}
