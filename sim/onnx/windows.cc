#include "onnx/windows.h"

#include <algorithm>

namespace lacuna::onnx {

namespace {

constexpr std::int64_t kMostStep = 65535;  ///< as workload.yaml has it

std::vector<std::int64_t> steps(const Call& call, const std::string& name, std::size_t count, std::int64_t fallback,
                                std::int64_t least) {
  auto values = call.integers(name, std::vector<std::int64_t>(count, fallback));
  if (values.size() != count) fail(call.place(), "attribute {} has {} values; need {}", name, values.size(), count);
  for (const std::int64_t value : values)
    if (value < least || value > kMostStep)
      fail(call.place(), "attribute {} has {}; allowed {}..{}", name, value, least, kMostStep);
  return values;
}

std::int64_t divide_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

}  // namespace

std::vector<WindowAxis> windows_of(const Call& call, const Shape& input, std::span<const std::int64_t> kernel) {
  LACUNA_CHECK(input.size() >= 2, "no spatial axes");
  const std::size_t count = input.size() - 2;
  if (kernel.size() != count)
    fail(call.place(), "the kernel has {} dimensions, the input {} spatial ones", kernel.size(), count);
  const auto strides = steps(call, "strides", count, 1, 1), dilations = steps(call, "dilations", count, 1, 1),
             pads = steps(call, "pads", 2 * count, 0, 0);
  const std::string automatic = call.word("auto_pad", {"NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"});
  const bool up = call.integer("ceil_mode", 0) != 0;
  std::vector<WindowAxis> axes(count);
  for (std::size_t i = 0; i < count; ++i) {
    WindowAxis& a = axes[i];
    a.input = static_cast<std::int64_t>(input[i + 2]);
    a.kernel = kernel[i], a.stride = strides[i], a.dilation = dilations[i];
    if (a.kernel < 1 || a.kernel > INT32_MAX || a.input < 1 || a.input > INT32_MAX)
      fail(call.place(), "a kernel of {} on an input of {}; both are 1..2147483647", a.kernel, a.input);
    const std::int64_t covered = (a.kernel - 1) * a.dilation + 1;
    if (automatic == "NOTSET") {
      a.begin = pads[i], a.end = pads[i + count];
    } else if (automatic != "VALID") {
      const std::int64_t missing =
          std::max<std::int64_t>((divide_up(a.input, a.stride) - 1) * a.stride + covered - a.input, 0);
      a.begin = automatic == "SAME_UPPER" ? missing / 2 : missing - missing / 2;
      a.end = missing - a.begin;
    }
    if (a.begin > kMostStep || a.end > kMostStep)
      fail(call.place(), "the kernel of {} asks for {} elements of padding; allowed 0..{}", a.kernel,
           std::max(a.begin, a.end), kMostStep);
    const std::int64_t room = a.input + a.begin + a.end - covered;
    if (room < 0)
      fail(call.place(), "the kernel covers {}, the padded input has {}", covered, a.input + a.begin + a.end);
    a.output = (up ? divide_up(room, a.stride) : room / a.stride) + 1;
    // Rounded up, the last window may lie in the padding behind the input; there is none such.
    if (up && (a.output - 1) * a.stride >= a.input + a.begin) --a.output;
  }
  return axes;
}

std::size_t outputs_of(std::span<const WindowAxis> axes) {
  std::size_t count = 1;
  for (const WindowAxis& axis : axes) count *= static_cast<std::size_t>(axis.output);
  return count;
}

std::size_t taps_of(std::span<const WindowAxis> axes) {
  std::size_t count = 1;
  for (const WindowAxis& axis : axes) count *= static_cast<std::size_t>(axis.kernel);
  return count;
}

void places_of(std::span<const WindowAxis> axes, std::size_t tap, std::size_t from, std::span<std::int64_t> places) {
  for (std::size_t i = 0; i < places.size(); ++i) {
    std::size_t window = from + i, element = tap;
    std::int64_t place = 0, step = 1;
    for (std::size_t d = axes.size(); d-- > 0;) {
      const WindowAxis& a = axes[d];
      const auto outputs = static_cast<std::size_t>(a.output), kernel = static_cast<std::size_t>(a.kernel);
      const std::int64_t at =
          a.at(static_cast<std::int64_t>(window % outputs), static_cast<std::int64_t>(element % kernel));
      if (at < 0) {
        place = -1;
        break;
      }
      place += at * step;
      step *= a.input;
      window /= outputs, element /= kernel;
    }
    places[i] = place;
  }
}

}  // namespace lacuna::onnx
