/* What this browser can draw with: WebGL at all, and whether a graphics card does it. */

interface Graphics {
  webgl: boolean;
  software: boolean;
}

/** What was found. An absence is never kept: a browser refuses a context while its graphics process starts anew. */
let found: Graphics | undefined;

function graphics(): Graphics {
  if (found) return found;
  const seen = look();
  if (seen.webgl) found = seen;
  return seen;
}

function look(): Graphics {
  const canvas = document.createElement("canvas");
  const gl = canvas.getContext("webgl2");
  if (!gl) return { webgl: false, software: true };
  const names = gl.getExtension("WEBGL_debug_renderer_info");
  const renderer = String(gl.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  gl.getExtension("WEBGL_lose_context")?.loseContext(); // Browsers hold few contexts; this one was for the question.
  return { webgl: true, software: isSoftwareName(renderer) };
}

/** Whether a renderer's name is one of those that draw on the CPU. */
export function isSoftwareName(renderer: string): boolean {
  return /swiftshader|llvmpipe|softpipe|software|basic render/i.test(renderer);
}

export function isSoftware(): boolean {
  return graphics().software;
}

export function hasWebgl(): boolean {
  return graphics().webgl;
}
