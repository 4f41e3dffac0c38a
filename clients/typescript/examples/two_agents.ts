/**
 * Two agents on one bus: one asks and waits for the answer, the other follows and answers.
 *
 * Run a server (`callboard serve`), then: node dist/examples/two_agents.js
 */

import { randomUUID } from "node:crypto";

import { connect, type Follow } from "@callboard/client";

const PROJECT = "demo";
const TASK = `task-${randomUUID().slice(0, 8)}`;

/** Answers every question as it comes. */
async function answerQuestions(questions: Follow): Promise<void> {
  using client = connect({ project: PROJECT, task: TASK, run: "reviewer" });
  for await (const question of questions) {
    console.log(`reviewer: saw '${question.body}'`);
    await client.append("REVIEW", "looks good to me", { parents: [question.msgId] });
  }
}

using client = connect({ project: PROJECT, task: TASK, run: "author" });
// The reviewer has subscribed when follow() resolves: the question is not missed.
const questions = await client.follow({ types: ["QUESTION"] });
const reviewer = answerQuestions(questions);

const asked = await client.append("QUESTION", "is the parser ready to merge?");
for await (const answer of await client.follow({ cursor: asked.cursor, types: ["REVIEW"] })) {
  if (answer.parents[0]?.msgId === asked.msgId) {
    console.log(`author: ${answer.runId} says '${answer.body}'`);
    break;
  }
}

questions.close();
await reviewer;
