// A model's parameters in flat arenas: one float32 tensor of values and one of gradients for each group.
//
// While a model is built, add() makes leaf tensors; lay_out() moves them into the arenas, where each parameter is a
// view (of a channels_last convolution weight: with those strides). The leaves keep their identity, so handles stay
// good.
#pragma once
#include <basin/parameters.h>

#include "abi/handles.hpp"

namespace basin {

// How a parameter begins: U(-bound, bound), N(0, 1), or a constant.
struct Init {
  enum Kind { constant, uniform, normal } kind = constant;
  double value = 0;  // the constant, or the bound
};

struct Parameter {
  std::string name;
  Tensor value;     // the leaf; [sizes], a view into the arena after lay_out
  Tensor gradient;  // a view into the arena of gradients
  Init init;
  int64_t offset = 0, numel = 0;
  uint32_t group = 0;
};

struct ParameterGroup {
  std::string name;
  Tensor values, gradients;  // float32 [n]
  Tensor rate;               // float32 []: factor on every learning rate
  uint32_t first = 0, count = 0;
};

}  // namespace basin

struct basin_parameters {
 public:
  basin_parameters();
  basin_parameters(const basin_parameters&) = delete;
  basin_parameters& operator=(const basin_parameters&) = delete;

  // While building. A name that is taken is an Error.
  at::Tensor add(const std::string& name, at::IntArrayRef sizes, basin::Init init);
  void lay_out(at::Device device, at::MemoryFormat convolutions);  // again after a change of device or layout
  // A leaf has its arena's version counter: a change in place of either is a change of both, in version() and in the
  // engine's check that what a backward pass needs was not changed meanwhile. Views that plugins make share it too.

  void initialize(uint64_t seed);  // BASIN_PURPOSE_INIT, slot: a hash of the name, so that a shared layer begins alike

  // Around a backward pass: the leaves' gradients are undefined before it, so that the engine need not add; they end
  // in the arena, copied (or added, for micro-batches), which is what optimizers see. With expect_gradients each goes
  // there as soon as it is made, out of the cache, and its memory serves the next; with clear_gradients, all at the end.
  void clear_gradients();
  void expect_gradients(bool add);  // then collect_gradients with the same `add`
  void collect_gradients(bool add);

  int64_t count_values() const;  // numbers, over all parameters
  std::vector<basin::Parameter>& list() { return list_; }
  const std::vector<basin::Parameter>& list() const { return list_; }
  std::vector<basin::ParameterGroup>& groups() { return groups_; }
  const std::vector<basin::ParameterGroup>& groups() const { return groups_; }
  const basin::Parameter* find(const std::string& name) const;
  at::Device device() const { return device_; }
  uint64_t version() const;  // grows whenever an arena's values change; keys the casts to bf16

 private:
  std::vector<basin::Parameter> list_;
  std::vector<basin::ParameterGroup> groups_;
  std::unordered_map<std::string, size_t> by_name_;
  uint64_t earlier_ = 0;  // the versions of arenas that lay_out has replaced
  at::Device device_ = at::kCPU;
  struct Expected;  // shared with the leaves, which may outlive the model
  std::shared_ptr<Expected> expected_;
};

namespace basin {
using Parameters = basin_parameters;
}
