/* Unpacks the browser, its libraries and a font into TMPDIR; a script there starts it on machines that have none of them. */
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { inflate } from "@sparticuz/chromium";

const packed = (name) => fileURLToPath(import.meta.resolve(`./node_modules/@sparticuz/chromium/bin/${name}`));
await Promise.all(["chromium.br", "fonts.tar.br", "swiftshader.tar.br", "al2023.tar.br"].map((name) => inflate(packed(name))));
const START = `#!/bin/sh
# The machine's own libraries and fonts, where it has them.
here=$(dirname "$(readlink -f "$0")")
if ldd "$here/chromium" | grep -q "not found"; then export LD_LIBRARY_PATH="$here/al2023/lib"; fi
[ -d /etc/fonts ] || export FONTCONFIG_PATH="$here/fonts"
exec "$here/chromium" "$@"
`;
writeFileSync(`${tmpdir()}/start`, START, { mode: 0o755 });
