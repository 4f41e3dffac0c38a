// Package callboard is a client of Callboard, the shared message bus and storage of AI
// coding agents, their runners and their monitors.
//
// Connect gives a Client. Its methods append to buses, read them and follow them, keep
// artifacts, logs and the files of runs, and record runs. Everything else the server can do
// is reached through the generated clients, Client.Bus and Client.Storage, and Call.
// Messages, answers and positions are the generated types of package callboardv1.
//
//	client, err := callboard.Connect(callboard.Options{Project: "demo"})
//	if err != nil {
//		return err
//	}
//	defer client.Close()
//	_, err = client.Append(ctx, callboard.Draft{Type: "FACT", Body: "the build is green"})
//
// What gives many things gives them as an iterator, which ends with an error when there is
// one:
//
//	for message, err := range client.Read(ctx, callboard.ReadOptions{Tail: 10}) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(message.GetType(), message.GetBody())
//	}
package callboard

//go:generate go -C tools run ./generate
