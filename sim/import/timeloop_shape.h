// What a Timeloop problem computes: its dimensions and how they index weights, inputs and outputs.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/yaml.h"

namespace lacuna::imports {

/// One product in the index of a tensor: dimension x coefficient.
struct TimeloopTerm {
  std::string dimension;
  std::string coefficient;  ///< "" for 1
};

/// A tensor. Its ranks are sums of terms.
struct TimeloopSpace {
  std::string name;
  Place place;
  bool written = false;
  std::vector<std::vector<TimeloopTerm>> ranks;

  [[nodiscard]] bool has(const std::string& dimension) const;
};

struct TimeloopShape {
  std::string name;
  std::vector<std::string> dimensions;               ///< those listed, then others that the tensors use
  std::map<std::string, std::int64_t> coefficients;  ///< their defaults
  TimeloopSpace weights, inputs, outputs;
  std::vector<std::string> notes;  ///< which tensor was taken for the weights, where no name says it
};

/// The shape that `problem` describes, names or leaves out (then it is Timeloop's cnn-layer). In a named shape the
/// dimensions are called as `instance` calls them: K or M, P and Q or E and F. UserError if it is no product of two
/// tensors summed into a third.
TimeloopShape read_timeloop_shape(const yaml::Node& problem, const yaml::Node& instance);

}  // namespace lacuna::imports
