import dev.callboard.CallboardClient;
import dev.callboard.Follow;
import dev.callboard.FollowOptions;
import dev.callboard.NewMessage;
import dev.callboard.v1.AppendMessageResponse;
import dev.callboard.v1.Message;
import java.util.UUID;

/** Two agents on one bus: one asks and waits for the answer, the other follows and answers. */
class TwoAgents {
  private static final String PROJECT = "demo";
  private static final String TASK = "task-" + UUID.randomUUID().toString().substring(0, 8);

  /** Asks one question and prints the answer. */
  public static void main(String[] arguments) throws InterruptedException {
    try (CallboardClient client = connect("author")) {
      // The reviewer has subscribed when follow() returns: the question is not missed.
      Follow questions = client.follow(new FollowOptions().types("QUESTION"));
      Thread reviewer = new Thread(() -> answerQuestions(questions));
      reviewer.start();

      AppendMessageResponse asked = client.append("QUESTION", "is the parser ready to merge?");
      FollowOptions reviews = new FollowOptions().cursor(asked.getCursor()).types("REVIEW");
      try (Follow answers = client.follow(reviews)) {
        for (Message answer : answers) {
          if (answer.getParents(0).getMsgId().equals(asked.getMsgId())) {
            System.out.printf("author: %s says '%s'%n", answer.getRunId(), answer.getBody());
            break;
          }
        }
      }

      questions.close();
      reviewer.join();
    }
  }

  /** Answers every question as it comes. */
  private static void answerQuestions(Follow questions) {
    try (CallboardClient client = connect("reviewer")) {
      for (Message question : questions) {
        System.out.printf("reviewer: saw '%s'%n", question.getBody());
        client.append(NewMessage.of("REVIEW", "looks good to me").parent(question.getMsgId()));
      }
    }
  }

  private static CallboardClient connect(String run) {
    return CallboardClient.builder().project(PROJECT).task(TASK).run(run).connect();
  }
}
