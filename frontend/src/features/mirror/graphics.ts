/* What this browser can draw with: WebGL at all, and whether a graphics card does it. */

let found: { webgl: boolean; software: boolean } | undefined;

function look(): { webgl: boolean; software: boolean } {
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
  found ??= look();
  return found.software;
}

export function hasWebgl(): boolean {
  found ??= look();
  return found.webgl;
}
