// What components remember between steps: named tensors, saved and restored by the host.
#pragma once
#include <basin/state.h>

#include "abi/handles.hpp"

// The host's side of the opaque handle. Names of children are joined with '.': "optimizer.base.m".
struct basin_state {
 public:
  explicit basin_state(at::Device device = at::kCPU) : device_(device) {}

  at::Tensor tensor(const std::string& name, at::IntArrayRef sizes, at::ScalarType type);
  basin_state& child(const std::string& name);

  std::map<std::string, at::Tensor> save() const;  // everything under it, by full name; shares storage
  // Gives values back: copied into tensors that exist, kept for those asked for later. Where sizes or dtypes differ it is
  // an Error that names `origin`, the file they come from, and nothing is changed.
  void restore(const std::map<std::string, at::Tensor>& values, const std::string& origin = "the checkpoint");

 private:
  void collect(const std::string& prefix, std::map<std::string, at::Tensor>& out) const;
  at::Device device_;
  std::map<std::string, at::Tensor> tensors_, pending_;
  std::string origin_;  // of what is pending
  std::map<std::string, std::unique_ptr<basin_state>> children_;
};

namespace basin {
using State = basin_state;
}
