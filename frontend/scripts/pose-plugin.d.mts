import type { Plugin } from "vite";

export function poseTask(modules: string): Plugin;
