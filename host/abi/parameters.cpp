// A model's parameters in flat arenas.
#include "abi/parameters.hpp"

#include <atomic>

#include "abi/border.hpp"
#include "abi/context.hpp"
#include "abi/interfaces.hpp"

namespace {

using at::Tensor;
using basin::Error;
using basin::Parameter;

// Strides of a parameter of these sizes within the arena.
std::vector<int64_t> strides_of(at::IntArrayRef sizes, at::MemoryFormat convolutions) {
  if (sizes.size() == 4 && convolutions == at::MemoryFormat::ChannelsLast)
    return c10::get_channels_last_strides_2d(sizes);
  std::vector<int64_t> strides(sizes.size(), 1);
  for (size_t i = sizes.size(); i-- > 1;) strides[i - 1] = strides[i] * std::max<int64_t>(sizes[i], 1);
  return strides;
}

// 64-bit FNV-1a (Fowler, Noll, Vo): the name's place among random streams, the same in every version of Basin.
uint64_t hash(std::string_view text) {
  uint64_t h = 0xcbf29ce484222325;
  for (unsigned char c : text) h = (h ^ c) * 0x100000001b3;
  return h;
}

}  // namespace

// What the leaves' hooks know while a backward pass is expected.
struct basin_parameters::Expected {
  std::atomic<bool> open{false};
  bool add = false;
  std::vector<Tensor> places;   // by parameter: its part of the arena of gradients
  std::vector<uint8_t> filled;  // by parameter; each is written by one thread of the engine

  // Called by the engine when a leaf's gradient is complete.
  struct Hook : torch::autograd::PostAccumulateGradHook {
    std::shared_ptr<Expected> expected;
    size_t index;
    Hook(std::shared_ptr<Expected> expected, size_t index) : expected(std::move(expected)), index(index) {}
    void operator()(const Tensor& leaf) override {
      if (expected->open) expected->receive(index, leaf.mutable_grad());
    }
  };

  void receive(size_t i, Tensor& gradient) {
    if (!gradient.defined()) return;
    const at::NoGradGuard no_grad;
    if (add || filled[i]) places[i].add_(gradient);
    else places[i].copy_(gradient);
    filled[i] = 1;
    gradient = Tensor();
  }
};

basin_parameters::basin_parameters() : expected_(std::make_shared<Expected>()) {}

Tensor basin_parameters::add(const std::string& name, at::IntArrayRef sizes, basin::Init init) {
  if (name.empty()) throw Error("A parameter needs a name.");
  for (int64_t n : sizes)
    if (n <= 0) throw Error("Parameter '" + name + "' has sizes " + c10::str(sizes) + "; each must be at least 1.");
  if (!by_name_.try_emplace(name, list_.size()).second)
    throw Error("Two parameters of a model are called '" + name + "'; give each layer a name of its own.");
  Parameter p;
  p.name = name;
  p.value = at::zeros(sizes, at::TensorOptions(at::kFloat)).set_requires_grad(true);
  p.init = init;
  p.numel = p.value.numel();
  torch::autograd::impl::set_post_acc_grad_hooks(p.value, std::make_unique<Expected::Hook>(expected_, list_.size()));
  list_.push_back(p);
  return p.value;
}

void basin_parameters::lay_out(at::Device device, at::MemoryFormat convolutions) {
  const at::NoGradGuard no_grad;
  const uint64_t before = version();
  int64_t n = 0;
  for (Parameter& p : list_) {
    p.offset = n;
    n += p.numel;
  }
  const auto options = at::TensorOptions(at::kFloat).device(device);
  basin::ParameterGroup group;
  group.name = "all";
  group.values = at::empty({n}, options);
  group.gradients = at::zeros({n}, options);
  group.rate = groups_.empty() ? at::ones({}, options) : groups_[0].rate.to(device);
  group.count = static_cast<uint32_t>(list_.size());
  for (Parameter& p : list_) {
    const auto sizes = p.value.sizes().vec();
    const auto strides = strides_of(sizes, convolutions);
    const Tensor place = group.values.as_strided(sizes, strides, p.offset), from = p.gradient;
    place.copy_(p.value);
    p.value.mutable_grad() = Tensor();  // may be of another device or layout
    p.value.set_data(place);
    p.value.unsafeGetTensorImpl()->set_version_counter(group.values.unsafeGetTensorImpl()->version_counter());
    p.gradient = group.gradients.as_strided(sizes, strides, p.offset);
    if (from.defined()) p.gradient.copy_(from);
  }
  groups_.assign(1, group);
  device_ = device;
  earlier_ = before + 1;
}

void basin_parameters::initialize(uint64_t seed) {
  const at::NoGradGuard no_grad;
  for (Parameter& p : list_) {
    if (p.init.kind == basin::Init::constant) {
      p.value.fill_(p.init.value);
      continue;
    }
    const uint64_t place = hash(p.name);
    const auto stream = basin::stream_of(seed, BASIN_PURPOSE_INIT, place >> 32, place & 0xffffff);
    Tensor values = at::empty(p.value.sizes(), at::kFloat);  // drawn in row-major order, whatever the memory's
    basin::draw_into(stream, p.init.kind == basin::Init::normal ? BASIN_NORMAL : BASIN_UNIFORM, 0,
                     values.mutable_data_ptr<float>(), values.numel());
    if (p.init.kind == basin::Init::uniform) values.mul_(2 * p.init.value).sub_(p.init.value);
    p.value.copy_(values);
  }
}

void basin_parameters::clear_gradients() {
  expected_->open = false;
  expected_->filled.assign(list_.size(), 0);
  for (Parameter& p : list_) p.value.mutable_grad() = Tensor();
}

void basin_parameters::expect_gradients(bool add) {
  clear_gradients();
  expected_->add = add;
  expected_->places.clear();
  for (const Parameter& p : list_) expected_->places.push_back(p.gradient);
  expected_->open = true;
}

void basin_parameters::collect_gradients(bool add) {
  if (expected_->open.exchange(false) && add != expected_->add)
    throw Error("Gradients are collected in another way than expect_gradients was told.", BASIN_ERROR_RUNTIME);
  const at::NoGradGuard no_grad;
  for (size_t i = 0; i < list_.size(); ++i) {
    Parameter& p = list_[i];
    Tensor& gradient = p.value.mutable_grad();
    const bool filled = i < expected_->filled.size() && expected_->filled[i];
    if (!gradient.defined()) {
      if (!add && !filled) p.gradient.zero_();
    } else if (add || filled) {
      p.gradient.add_(gradient);
    } else {
      p.gradient.copy_(gradient);
    }
    gradient = Tensor();
  }
}

int64_t basin_parameters::count_values() const {
  int64_t n = 0;
  for (const Parameter& p : list_) n += p.numel;
  return n;
}

const Parameter* basin_parameters::find(const std::string& name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &list_[found->second];
}

uint64_t basin_parameters::version() const {
  uint64_t v = earlier_;
  for (const auto& g : groups_) v += g.values._version();
  return v;
}

namespace basin {

const basin_parameters_interface parameters_interface = {
    .size = sizeof(basin_parameters_interface),
    .group_count = [](const basin_parameters* p) { return p ? static_cast<uint32_t>(p->groups().size()) : 0; },
    .group =
        [](basin_parameters* p, uint32_t index, basin_parameter_group* out) {
          return guard([&] {
            const auto& groups = needed(p, "The parameters")->groups();
            if (index >= groups.size())
              throw Error("There are " + std::to_string(groups.size()) + " groups of parameters; group " +
                          std::to_string(index) + " was asked for.");
            const ParameterGroup& g = groups[index];
            give(out, {0, g.name.c_str(), lend(g.values), lend(g.gradients), lend(g.rate), g.first, g.count},
                 "The buffer for a group");
          });
        },
    .count = [](const basin_parameters* p) { return p ? static_cast<uint32_t>(p->list().size()) : 0; },
    .parameter =
        [](basin_parameters* p, uint32_t index, basin_parameter_view* out) {
          return guard([&] {
            const auto& list = needed(p, "The parameters")->list();
            if (index >= list.size())
              throw Error("There are " + std::to_string(list.size()) + " parameters; parameter " +
                          std::to_string(index) + " was asked for.");
            const Parameter& v = list[index];
            give(out, {0, v.group, v.name.c_str(), lend(v.value), lend(v.gradient), v.offset, v.numel},
                 "The buffer for a parameter");
          });
        },
};

}  // namespace basin
