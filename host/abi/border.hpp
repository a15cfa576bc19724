// What exported functions do with their arguments first: structs that grow at their end, handles that must not be null.
#pragma once
#include <algorithm>
#include <cstring>

#include "abi/handles.hpp"

namespace basin {

// Reads a struct led by its size, whatever version its writer knew: members past that size read as zero.
template <class T>
T take(const T* from, const char* what) {
  T out{};
  if (!from) throw Error(std::string(what) + " is null.");
  if (from->size < sizeof from->size)
    throw Error(std::string(what) + " says that its size is " + std::to_string(from->size) +
                ": set its first member to sizeof the struct.");
  std::memcpy(&out, from, std::min<size_t>(from->size, sizeof(T)));
  return out;
}

// Fills a caller's buffer led by its size with as much as fits; its size becomes what was filled.
template <class T>
void give(T* to, T value, const char* what) {
  if (!to) throw Error(std::string(what) + " is null.");
  if (to->size < sizeof to->size)
    throw Error(std::string(what) + " says that its size is " + std::to_string(to->size) +
                ": set its first member to sizeof the struct before the call.");
  value.size = static_cast<uint32_t>(std::min<size_t>(to->size, sizeof(T)));
  std::memcpy(to, &value, value.size);
}

// A new reference for a member of `value` that is about to be given; none where the caller's struct ends before it.
template <class T>
void give_tensor(const T* to, T& value, basin_tensor* T::*member, const Tensor& tensor) {
  const auto end = reinterpret_cast<const char*>(&(value.*member) + 1) - reinterpret_cast<const char*>(&value);
  if (to->size >= static_cast<size_t>(end)) value.*member = own(tensor);
}

template <class T>
T* needed(T* pointer, const char* what) {
  if (!pointer) [[unlikely]]
    throw Error(std::string(what) + " is null.");
  return pointer;
}

// A tensor argument that must be there.
inline Borrowed in(const basin_tensor* handle, const char* what = "A tensor argument") {
  return Borrowed(needed(handle, what));
}

inline at::IntArrayRef ints(const int64_t* values, uint32_t n) {
  return {n ? needed(values, "A list of sizes or dimensions") : values, n};
}

// Handles as tensors; null reads as undefined.
inline std::vector<Tensor> share_all(basin_tensor* const* handles, uint32_t n) {
  std::vector<Tensor> out;
  out.reserve(n);
  if (n) needed(handles, "A list of tensors");
  for (uint32_t i = 0; i < n; ++i) out.push_back(share(handles[i]));
  return out;
}

}  // namespace basin
