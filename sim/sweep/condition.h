// `skip_where`: which configurations a sweep leaves out, said in the words of the parameters.
//
//   array.rows * array.columns > 256 and not (array.skip == both or array.skip == gate)
//
// or, and, not; == != < <= > >=; + - * / %; parentheses; whole and decimal numbers; parameters by their full names; the
// words of parameters that take words. Arithmetic is in doubles, exact for whole numbers below 2^53.
//
// A sweep may have machines of several families: a comparison with a parameter that a machine does not have is neither
// true nor false, `not` changes nothing about it, and a condition that is not true leaves nothing out.
#pragma once

#include <memory>
#include <string>

#include "base/yaml.h"
#include "machine/config.h"
#include "machine/config_reader.h"

namespace lacuna {

class Condition {
 public:
  /// UserError with the column of the word that is wrong: unknown parameters and words, numbers compared with words,
  /// conditions that are numbers, what cannot be read.
  explicit Condition(const yaml::Node& text);
  ~Condition();
  Condition(Condition&&) noexcept;
  Condition& operator=(Condition&&) noexcept;

  /// `parameters` as parameters() of a machine gives them. UserError for a division by zero.
  [[nodiscard]] bool holds(const std::vector<Parameter>& parameters) const;

  struct Part;  ///< of the expression's tree

 private:
  std::unique_ptr<Part> root_;
};

}  // namespace lacuna
