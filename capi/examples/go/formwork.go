package main

/*
#cgo pkg-config: formwork
#include <formwork.h>
#include <stdlib.h>

// The INIT macros are initializers, which cgo does not see.
static formwork_status open_engine(const char *cache, formwork_engine **engine, formwork_error **error) {
	struct formwork_engine_options options = FORMWORK_ENGINE_OPTIONS_INIT;
	options.registry_cache = cache;
	return formwork_engine_open(&options, engine, error);
}

static struct formwork_source source(const char *name, const void *data, size_t length) {
	struct formwork_source source = FORMWORK_SOURCE_INIT;
	source.kind = FORMWORK_SOURCE_KIND_MEMORY;
	source.name = name;
	source.data = data;
	source.length = length;
	return source;
}

// The struct that points to others is made here: Go must not hand C a pointer to memory that holds Go pointers.
static formwork_status convert(formwork_engine *engine, const char *name, const void *data, size_t length,
	const char *operation, const char *to, const char *options, formwork_cancel_token *cancel,
	formwork_output **output, formwork_error **error) {
	struct formwork_source from = source(name, data, length);
	struct formwork_request request = FORMWORK_REQUEST_INIT;
	request.operation = operation;
	request.output_format = to;
	request.options = options;
	request.cancel = cancel;
	struct formwork_target target = FORMWORK_TARGET_INIT;
	target.kind = FORMWORK_TARGET_KIND_MEMORY;
	formwork_status status = formwork_convert(engine, &from, &request, &target, NULL, error);
	*output = target.output;
	return status;
}

static formwork_status submit(formwork_engine *engine, const char *name, const void *data, size_t length,
	const char *request, formwork_job **job, formwork_error **error) {
	struct formwork_source from = source(name, data, length);
	struct formwork_held_input held = FORMWORK_HELD_INPUT_INIT;
	held.task = "in";
	held.source = &from;
	struct formwork_job_options options = FORMWORK_JOB_OPTIONS_INIT;
	options.held = &held;
	options.held_count = 1;
	return formwork_job_submit(engine, request, &options, job, error);
}
*/
import "C"

import (
	"context"
	"encoding/json"
	"io"
	"unsafe"
)

// Error is why a call of the engine failed.
type Error struct {
	HTTP int             // the status code to answer with
	JSON json.RawMessage // kind, message, hint
	text string
}

func (e *Error) Error() string { return e.text }

// check takes over the error of a call that returned status.
func check(status C.formwork_status, err *C.formwork_error) error {
	if status == C.FORMWORK_STATUS_OK {
		return nil
	}
	defer C.formwork_error_destroy(err)
	e := &Error{HTTP: int(C.formwork_status_http(status)), JSON: json.RawMessage("{}"), text: "misuse"}
	if err != nil {
		e.JSON = json.RawMessage(C.GoString(C.formwork_error_json(err)))
		e.text = C.GoString(C.formwork_error_message(err))
	}
	return e
}

// text is a text for C, nil when it is empty, and the function that frees it.
func text(s string) (*C.char, func()) {
	if s == "" {
		return nil, func() {}
	}
	c := C.CString(s)
	return c, func() { C.free(unsafe.Pointer(c)) }
}

// Input is a file that was sent, and what is wanted of it.
type Input struct {
	Name, To, Operation string
	Options             map[string]string
	Data                []byte
}

func (in *Input) data() (unsafe.Pointer, C.size_t) {
	if len(in.Data) == 0 {
		return nil, 0
	}
	return unsafe.Pointer(&in.Data[0]), C.size_t(len(in.Data))
}

// Engine may be used by many goroutines at once. Every call of it that waits holds a thread of the system.
type Engine struct{ c *C.formwork_engine }

// OpenEngine opens one. With a folder of its own as cache, later ones open at once.
func OpenEngine(cache string) (*Engine, error) {
	folder, free := text(cache)
	defer free()
	engine := &Engine{}
	var err *C.formwork_error
	return engine, check(C.open_engine(folder, &engine.c, &err), err)
}

// ShutDown cancels all calls and jobs, and those that are still to come. It does not wait.
func (e *Engine) ShutDown() { C.formwork_engine_shut_down(e.c) }

// Close ends the engine. Nobody may be in a call of it any more.
func (e *Engine) Close() { C.formwork_engine_close(e.c) }

// Convert returns when the result is there, or soon after ctx is done.
func (e *Engine) Convert(ctx context.Context, in *Input) (*Output, error) {
	options, _ := json.Marshal(in.Options)
	name, freeName := text(in.Name)
	defer freeName()
	operation, freeOperation := text(in.Operation)
	defer freeOperation()
	to, freeTo := text(in.To)
	defer freeTo()
	given, freeGiven := text(string(options))
	defer freeGiven()

	var cancel *C.formwork_cancel_token
	var err *C.formwork_error
	if err := check(C.formwork_cancel_token_create(e.c, &cancel, &err), err); err != nil {
		return nil, err
	}
	defer C.formwork_cancel_token_destroy(cancel)
	returned, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-ctx.Done():
			C.formwork_cancel_token_cancel(cancel)
		case <-returned:
		}
	}()

	data, length := in.data()
	var output *C.formwork_output
	status := C.convert(e.c, name, data, length, operation, to, given, cancel, &output, &err)
	close(returned)
	<-watched // before the token is destroyed
	if err := check(status, err); err != nil {
		return nil, err
	}
	return &Output{output}, nil
}

// Submit takes a job in and returns at once.
func (e *Engine) Submit(in *Input) (*Job, error) {
	operation := in.Operation
	if operation == "" {
		operation = "convert"
	}
	type object = map[string]any
	request, _ := json.Marshal(object{"tasks": object{
		"in":   object{"operation": "import/bytes"},
		"work": object{"operation": operation, "input": "in", "output_format": in.To, "options": in.Options},
		"out":  object{"operation": "export/bytes", "input": "work"},
	}})
	name, freeName := text(in.Name)
	defer freeName()
	asked, freeAsked := text(string(request))
	defer freeAsked()
	data, length := in.data()
	job := &Job{}
	var err *C.formwork_error
	return job, check(C.submit(e.c, name, data, length, asked, &job.c, &err), err)
}

// Job must not be destroyed while another goroutine uses it.
type Job struct{ c *C.formwork_job }

func (j *Job) ID() uint64 { return uint64(C.formwork_job_id(j.c)) }
func (j *Job) Over() bool { return C.formwork_job_state(j.c) > C.FORMWORK_STATE_PROCESSING }
func (j *Job) Cancel()    { C.formwork_job_cancel(j.c, nil, nil) }
func (j *Job) Destroy()   { C.formwork_job_destroy(j.c) }

// Failure is why the job has no result: nil when it has one, or is not over.
func (j *Job) Failure() error {
	if !j.Over() {
		return nil
	}
	var err *C.formwork_error
	return check(C.formwork_job_wait(j.c, 0, &err), err)
}

// Status is JSON, with error when the job failed.
func (j *Job) Status() (json.RawMessage, error) {
	var status *C.char
	var err *C.formwork_error
	if err := check(C.formwork_job_status(j.c, &status, &err), err); err != nil {
		return nil, err
	}
	defer C.formwork_text_destroy(status)
	return json.RawMessage(C.GoString(status)), nil
}

// Output is the first file that the job hands over, nil while there is none.
func (j *Job) Output() *Output {
	var output *C.formwork_output
	C.formwork_job_output(j.c, 0, &output, nil)
	if output == nil {
		return nil
	}
	return &Output{output}
}

// Output is a file that came out. It is an io.ReaderAt.
type Output struct{ c *C.formwork_output }

func (o *Output) Name() string      { return C.GoString(C.formwork_output_name(o.c)) }
func (o *Output) MediaType() string { return C.GoString(C.formwork_output_media_type(o.c)) }
func (o *Output) Size() int64       { return int64(C.formwork_output_size(o.c)) }
func (o *Output) Destroy()          { C.formwork_output_destroy(o.c) }

func (o *Output) ReadAt(p []byte, offset int64) (int, error) {
	done := 0
	for done < len(p) {
		var count C.size_t
		var err *C.formwork_error
		at := C.uint64_t(offset) + C.uint64_t(done)
		status := C.formwork_output_read(o.c, at, unsafe.Pointer(&p[done]), C.size_t(len(p)-done), &count, &err)
		if err := check(status, err); err != nil {
			return done, err
		}
		if count == 0 {
			return done, io.EOF
		}
		done += int(count)
	}
	return done, nil
}
