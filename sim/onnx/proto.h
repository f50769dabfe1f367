// ONNX's messages, as protobuf compiled them.
#pragma once

#include <onnx/onnx_pb.h>
