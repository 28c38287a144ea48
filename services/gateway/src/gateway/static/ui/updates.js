// The socket: Socket.IO (protocol 5) over a plain WebSocket at /updates. Packets: 0 open, 2 ping -> 3 pong, 40 connect,
// 41 disconnect, 42 event, 44 refused. Reconnects by itself and asks for what it missed by the last `seq` it saw.

/** Follow a user's events until the page goes away; resolves once the first connection stands. */
export function follow({ token, onEvent }) {
  let lastSeq = 0;
  let pause = 500;
  return new Promise((resolve, reject) => {
    const open = () => {
      const address = new URL("/updates/?EIO=4&transport=websocket", location.href.replace(/^http/, "ws"));
      const socket = new WebSocket(address);
      socket.onmessage = ({ data }) => {
        if (data.startsWith("0")) socket.send(`40${JSON.stringify({ token, last_seq: lastSeq })}`);
        else if (data === "2") socket.send("3");
        else if (data.startsWith("40")) { pause = 500; resolve(); }
        else if (data.startsWith("41")) socket.close();
        else if (data.startsWith("42")) {
          const [name, event] = JSON.parse(data.slice(2));
          if (event.seq) lastSeq = Math.max(lastSeq, event.seq);
          onEvent(name, event);
        } else if (data.startsWith("44")) {
          const refusal = JSON.parse(data.slice(2));
          reject(new Error(refusal.message ?? "The live connection was refused."));
          socket.close();
        }
      };
      socket.onclose = () => { setTimeout(open, pause); pause = Math.min(pause * 2, 10000); };
    };
    open();
  });
}
