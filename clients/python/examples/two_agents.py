"""Two agents on one bus: one asks and waits for the answer, the other follows and answers.

Run a server (`callboard serve`), then: python examples/two_agents.py
"""

from __future__ import annotations

import threading
import uuid

import callboard

PROJECT = "demo"
TASK = f"task-{uuid.uuid4().hex[:8]}"


def answer_questions(questions: callboard.Follow) -> None:
    """Answers every question as it comes."""
    with callboard.connect(project=PROJECT, task=TASK, run="reviewer") as client:
        for question in questions:
            print(f"reviewer: saw {question.body!r}")
            client.append("REVIEW", "looks good to me", parents=[question.msg_id])


def main() -> None:
    """Asks one question and prints the answer."""
    with callboard.connect(project=PROJECT, task=TASK, run="author") as client:
        # The reviewer has subscribed when follow() returns: the question is not missed.
        questions = client.follow(types=["QUESTION"])
        reviewer = threading.Thread(target=answer_questions, args=(questions,))
        reviewer.start()

        asked = client.append("QUESTION", "is the parser ready to merge?")
        with client.follow(cursor=asked.cursor, types=["REVIEW"]) as answers:
            for answer in answers:
                if answer.parents[0].msg_id == asked.msg_id:
                    print(f"author: {answer.run_id} says {answer.body!r}")
                    break

        questions.close()
        reviewer.join()


if __name__ == "__main__":
    main()
