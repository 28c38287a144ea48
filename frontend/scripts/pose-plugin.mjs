/* For Vite: `import address from "pose.task?url"` is the pose model, made once from the npm package's weights. */
import { access } from "node:fs/promises";
import { join } from "node:path";
import { makePoseTask } from "./pose-task.mjs";

/** @param {string} modules The node_modules folder. */
export function poseTask(modules) {
  const path = join(modules, ".pose", "pose.task");
  return {
    name: "pose-task",
    enforce: /** @type {const} */ ("pre"),
    /** @param {string} id */
    async resolveId(id) {
      if (id !== "pose.task?url") return null;
      if (!(await access(path).then(() => true, () => false))) await makePoseTask(modules, path);
      return `${path}?url`;
    },
  };
}
