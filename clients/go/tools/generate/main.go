// Command generate makes the Go code of the proto files, without protoc:
//
//	go -C clients/go/tools run ./generate [-out FOLDER]
//
// FOLDER is absolute, or relative to clients/go/tools.
//
// It compiles the proto files itself and hands them to protoc-gen-go and
// protoc-gen-go-grpc, in the versions that this module's go.mod pins.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path"
	"path/filepath"

	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/linker"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"
)

// The folders are relative to this module's, which `go run` is started in.
const (
	protoFolder   = "../../../proto"
	defaultFolder = ".."
	modulePath    = "github.com/callboard-dev/callboard/clients/go"
)

// The plugins, as `go tool` calls them.
var plugins = []string{"protoc-gen-go", "protoc-gen-go-grpc"}

func main() {
	log.SetFlags(0)
	log.SetPrefix("generate: ")
	out := flag.String("out", defaultFolder, "the folder in which callboard/v1 is written")
	flag.Parse()
	if flag.NArg() > 0 {
		log.Fatalf("%q is not understood: the only argument is -out FOLDER", flag.Args())
	}
	if err := generate(context.Background(), *out); err != nil {
		log.Fatal(err)
	}
}

// generate writes the code of all proto files below out, in the place of what is there.
func generate(ctx context.Context, out string) error {
	files, err := compile(ctx)
	if err != nil {
		return err
	}
	asked := request(files)
	answers := make([]*pluginpb.CodeGeneratorResponse, 0, len(plugins))
	for _, plugin := range plugins {
		answer, err := run(ctx, plugin, asked)
		if err != nil {
			return fmt.Errorf("%s: %w", plugin, err)
		}
		answers = append(answers, answer)
	}
	if err := removeStale(out); err != nil {
		return err
	}
	for _, answer := range answers {
		for _, file := range answer.GetFile() {
			path := filepath.Join(out, filepath.FromSlash(file.GetName()))
			if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
				return err
			}
			if err := os.WriteFile(path, []byte(file.GetContent()), 0o666); err != nil {
				return err
			}
		}
	}
	return nil
}

// compile reads all proto files, with their comments.
func compile(ctx context.Context) (linker.Files, error) {
	paths, err := filepath.Glob(filepath.Join(protoFolder, "callboard", "v1", "*.proto"))
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("no proto files below %s", protoFolder)
	}
	names := make([]string, len(paths))
	for i, file := range paths {
		names[i] = path.Join("callboard", "v1", filepath.Base(file))
	}
	compiler := protocompile.Compiler{
		Resolver:       protocompile.WithStandardImports(&protocompile.SourceResolver{ImportPaths: []string{protoFolder}}),
		SourceInfoMode: protocompile.SourceInfoStandard,
	}
	return compiler.Compile(ctx, names...)
}

// request is what a plugin is asked: to generate the files, given these and all that they
// import.
func request(files linker.Files) *pluginpb.CodeGeneratorRequest {
	asked := &pluginpb.CodeGeneratorRequest{Parameter: proto.String("module=" + modulePath)}
	seen := map[string]bool{}
	var add func(protoreflect.FileDescriptor)
	add = func(file protoreflect.FileDescriptor) {
		if seen[file.Path()] {
			return
		}
		seen[file.Path()] = true
		// Plugins want a file's imports before the file.
		for i := range file.Imports().Len() {
			add(file.Imports().Get(i).FileDescriptor)
		}
		asked.ProtoFile = append(asked.ProtoFile, descriptorOf(file))
	}
	for _, file := range files {
		asked.FileToGenerate = append(asked.FileToGenerate, file.Path())
		add(file)
	}
	return asked
}

// descriptorOf returns the file with its comments, which protodesc leaves out.
func descriptorOf(file protoreflect.FileDescriptor) *descriptorpb.FileDescriptorProto {
	if compiled, ok := file.(linker.Result); ok {
		return compiled.FileDescriptorProto()
	}
	return protodesc.ToFileDescriptorProto(file)
}

// run asks one plugin.
func run(ctx context.Context, plugin string, asked *pluginpb.CodeGeneratorRequest) (*pluginpb.CodeGeneratorResponse, error) {
	input, err := proto.Marshal(asked)
	if err != nil {
		return nil, err
	}
	command := exec.CommandContext(ctx, "go", "tool", plugin)
	command.Stdin = bytes.NewReader(input)
	command.Stderr = os.Stderr
	output, err := command.Output()
	if err != nil {
		return nil, err
	}
	answer := &pluginpb.CodeGeneratorResponse{}
	if err := proto.Unmarshal(output, answer); err != nil {
		return nil, err
	}
	if answer.Error != nil {
		return nil, errors.New(answer.GetError())
	}
	return answer, nil
}

// removeStale removes the code of proto files that may be gone.
func removeStale(out string) error {
	stale, err := filepath.Glob(filepath.Join(out, "callboard", "v1", "*.pb.go"))
	if err != nil {
		return err
	}
	for _, path := range stale {
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return nil
}
