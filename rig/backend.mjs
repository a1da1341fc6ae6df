/** The application behind a host's HAProxy: a shop with a front page, a password that nobody knows, and little else. */
import { createServer } from "node:http";

const STATUS = { "/": 200, "/account": 401, "/staff": 403, "/.env": 410 };

createServer(({ url = "/" }, response) => {
  const status = STATUS[url.split("?")[0]] ?? 404;
  response.writeHead(status, { "content-type": "text/plain" }).end(`${status}\n`);
}).listen(8080, "127.0.0.1", () => process.stdout.write("ready\n"));
