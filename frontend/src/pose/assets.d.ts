/* Files that the build makes or copies, by their address. */
declare module "pose.task?url" {
  const address: string;
  export default address;
}
declare module "@mediapipe/tasks-vision/*?url" {
  const address: string;
  export default address;
}
