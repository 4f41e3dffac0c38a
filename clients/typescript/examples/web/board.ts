/** A page that shows the messages of a project's bus as they come, and lets one post. */

import { type Client, connect, type Message } from "@callboard/client/web";

/** How many of the messages that are there already are shown. */
const PAST_MESSAGES = 50;

const connectForm = element("connect", HTMLFormElement);
const postForm = element("post", HTMLFormElement);
const body = element("body", HTMLInputElement);
const list = element("messages", HTMLOListElement);
const status = element("status", HTMLElement);

let client: Client | undefined;

connectForm.addEventListener("submit", (event) => {
  event.preventDefault();
  const fields = new FormData(connectForm);
  client?.close();
  client = connect({ baseUrl: text(fields, "server"), project: text(fields, "project") });
  list.replaceChildren();
  void show(client).catch(tell);
});

postForm.addEventListener("submit", (event) => {
  event.preventDefault();
  const fields = new FormData(postForm);
  client
    ?.append(text(fields, "type"), text(fields, "body"))
    .then(() => {
      body.value = "";
    })
    .catch(tell);
});

/** Shows the newest messages, and then what comes after them, until the client is closed. */
async function show(board: Client): Promise<void> {
  status.textContent = "Connecting …";
  const past = await board.readPage({ tail: PAST_MESSAGES, limit: PAST_MESSAGES });
  past.messages.forEach(add);
  // A bus without messages has no cursor yet, and is followed from its beginning.
  const start = past.cursor === "" ? { start: "earliest" as const } : { cursor: past.cursor };
  const following = await board.follow(start);
  status.textContent = `Following ${board.identity.project}.`;
  postForm.hidden = false;
  for await (const message of following) add(message);
}

/** Puts a message at the top. */
function add(message: Message): void {
  const { type, runId, ts } = message;
  const item = document.createElement("li");
  const heading = document.createElement("strong");
  heading.textContent = type;
  const details = document.createElement("small");
  const time = ts === undefined ? "" : new Date(Number(ts.seconds) * 1000).toLocaleTimeString();
  details.textContent = ` ${[time, runId].filter((one) => one !== "").join(" · ")}`;
  const paragraph = document.createElement("p");
  paragraph.textContent = message.body;
  item.append(heading, details, paragraph);
  list.prepend(item);
}

/** Says what went wrong. */
function tell(problem: unknown): void {
  status.textContent = String(problem);
}

function text(fields: FormData, name: string): string {
  const value = fields.get(name);
  return typeof value === "string" ? value : "";
}

function element<E extends HTMLElement>(id: string, kind: new () => E): E {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${id}`);
  return found;
}
