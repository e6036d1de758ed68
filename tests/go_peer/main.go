// A client in another language, made of connect-go: lists the datasets and loads one page of one of them, over gRPC
// (HTTP/2) or Connect (HTTP/1.1). The messages are read by descriptors that the Python client brings.
//
//	go run . URL DESCRIPTORS SLUG grpc|connect
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// Messages whose type is only known at run time.
type codec struct{}

func (codec) Name() string                        { return "proto" }
func (codec) Marshal(message any) ([]byte, error) { return proto.Marshal(message.(*holder).Message) }
func (codec) Unmarshal(bytes []byte, out any) error {
	out.(*holder).bytes = append([]byte{}, bytes...)
	return nil
}

type holder struct {
	proto.Message
	bytes []byte
}

var files *protoregistry.Files

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return value
}

func message(name string) *dynamicpb.Message {
	found := must(files.FindDescriptorByName(protoreflect.FullName(name)))
	return dynamicpb.NewMessage(found.(protoreflect.MessageDescriptor))
}

func field(m protoreflect.Message, name string) protoreflect.FieldDescriptor {
	return m.Descriptor().Fields().ByName(protoreflect.Name(name))
}

func call(method string, request proto.Message, answer string) *dynamicpb.Message {
	transport := &http.Transport{Protocols: new(http.Protocols)}
	options := []connect.ClientOption{connect.WithCodec(codec{})}
	if os.Args[4] == "grpc" {
		transport.Protocols.SetUnencryptedHTTP2(true)
		options = append(options, connect.WithGRPC())
	} else {
		transport.Protocols.SetHTTP1(true)
	}
	client := connect.NewClient[holder, holder](&http.Client{Transport: transport}, os.Args[1]+"/datasets.v1."+method, options...)
	got := must(client.CallUnary(context.Background(), connect.NewRequest(&holder{Message: request})))
	out := message(answer)
	must(0, proto.Unmarshal(got.Msg.bytes, out))
	return out
}

func main() {
	var set descriptorpb.FileDescriptorSet
	must(0, proto.Unmarshal(must(os.ReadFile(os.Args[2])), &set))
	files = must(protodesc.NewFiles(&set))

	listed := call("DatasetService/ListDatasets", message("datasets.v1.ListDatasetsRequest"), "datasets.v1.ListDatasetsResponse")
	datasets := listed.Get(field(listed, "datasets")).List()
	for i := 0; i < datasets.Len(); i++ {
		dataset := datasets.Get(i).Message()
		if dataset.Get(field(dataset, "slug")).String() != os.Args[3] {
			continue
		}
		query := message("datasets.v1.QueryRequest")
		query.Set(field(query, "dataset_id"), dataset.Get(field(dataset, "id")))
		filters := query.Mutable(field(query, "filters")).Message()
		filters.Mutable(field(filters, "time_interval"))
		page := call("DataAccessService/Query", query, "datasets.v1.QueryResultPage")
		data := page.Get(field(page, "data")).Message()
		fmt.Println(datasets.Len(), data.Get(field(data, "type_url")).String(), data.Get(field(data, "value")).List().Len())
	}

	lost := message("datasets.v1.GetDatasetRequest")
	lost.Set(field(lost, "slug"), protoreflect.ValueOfString("no.such"))
	client := connect.NewClient[holder, holder](http.DefaultClient, os.Args[1]+"/datasets.v1.DatasetService/GetDataset", connect.WithCodec(codec{}))
	_, err := client.CallUnary(context.Background(), connect.NewRequest(&holder{Message: lost}))
	fmt.Println(connect.CodeOf(err), err)
}
