export function makePoseTask(modules: string, path: string): Promise<void>;
export function withMetadata(model: Buffer, metadata: Buffer): Buffer;
