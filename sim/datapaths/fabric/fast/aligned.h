// A vector whose elements begin at a whole cache line.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace lacuna::fabric::fast {

template <typename T>
class Aligned {
 public:
  void assign(std::size_t size, T value) {
    resize(size);
    std::fill_n(first_, size, value);
  }
  /// Elements have no values.
  void resize(std::size_t size) {
    const std::size_t whole = (size * sizeof(T) + 2 * kLine - 1) / sizeof(T);
    if (whole > capacity_) {
      storage_ = std::make_unique_for_overwrite<T[]>(whole);
      capacity_ = whole;
      const auto address = reinterpret_cast<std::uintptr_t>(storage_.get());
      first_ = storage_.get() + (kLine - address % kLine) % kLine / sizeof(T);
    }
    size_ = size;
  }
  [[nodiscard]] T* data() { return first_; }
  [[nodiscard]] const T* data() const { return first_; }
  [[nodiscard]] T& operator[](std::size_t i) { return first_[i]; }
  const T& operator[](std::size_t i) const { return first_[i]; }
  [[nodiscard]] std::size_t size() const { return size_; }

  Aligned() = default;
  Aligned(const Aligned&) = delete;
  Aligned& operator=(const Aligned&) = delete;
  Aligned(Aligned&& other) noexcept { swap(other); }
  Aligned& operator=(Aligned&& other) noexcept {
    swap(other);
    return *this;
  }

 private:
  void swap(Aligned& other) noexcept {
    std::swap(storage_, other.storage_);
    std::swap(first_, other.first_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

  static constexpr std::size_t kLine = 64;
  std::unique_ptr<T[]> storage_;
  T* first_ = nullptr;
  std::size_t size_ = 0, capacity_ = 0;
};

}  // namespace lacuna::fabric::fast
