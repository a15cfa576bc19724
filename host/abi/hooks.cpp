// Hooks around layers and blocks, and blocks themselves.
#include "abi/hooks.hpp"

#include "abi/border.hpp"
#include "abi/lists.hpp"

namespace basin {
namespace {

std::string name_of(const Wrapped& w) {
  return w.layer ? "layer '" + w.layer->name + "'" : "block '" + w.block->name + "'";
}

struct Run {
  const Wrapped& wrapped;
  const Hooks& hooks;
  const Original& original;
  uint32_t n_outputs;

  // Through the hooks below `level`, the innermost first in the list.
  std::vector<Tensor> operator()(size_t level, at::TensorList inputs) const;
};

// The ABI's call, and where in the chain of hooks it stands.
struct Call : basin_call {
  const Run* run;
  size_t level;
};

basin_status call_original(const basin_call* base, basin_tensor* const* inputs, uint32_t n_inputs,
                           basin_tensor** outputs, uint32_t n_outputs) {
  return guard([&] {
    const Call& call = *static_cast<const Call*>(needed(base, "The call"));
    if (n_outputs != call.run->n_outputs)
      throw Error(name_of(call.run->wrapped) + " gives " + std::to_string(call.run->n_outputs) +
                  " outputs, but a hook asked for " + std::to_string(n_outputs) + ".");
    auto results = (*call.run)(call.level, share_all(inputs, n_inputs));
    for (uint32_t i = 0; i < n_outputs; ++i) outputs[i] = own(std::move(results[i]));
  });
}

std::vector<Tensor> Run::operator()(size_t level, at::TensorList inputs) const {
  if (level == 0) return original(inputs);
  const basin_hook& hook = hooks[level - 1]->hook;
  const auto lent = lend_all(inputs);
  Call call;
  static_cast<basin_call&>(call) = {sizeof(basin_call), wrapped.layer, wrapped.block,
                                    wrapped.context,    lent.data(),   static_cast<uint32_t>(lent.size()),
                                    n_outputs,          call_original};
  call.run = this;
  call.level = level - 1;
  auto out = outputs_of(n_outputs, [&](basin_tensor** to) { return hook.run(hook.user, &call, to, n_outputs); });
  for (const Tensor& t : out)
    if (!t.defined()) throw Error("A hook around " + name_of(wrapped) + " left an output out.", BASIN_ERROR_RUNTIME);
  return out;
}

}  // namespace

std::vector<Tensor> run_hooks(const Wrapped& wrapped, const Hooks& hooks, at::TensorList inputs, uint32_t n_outputs,
                              const Original& original) {
  const Hooks now = hooks;  // one may be removed by the time it returns
  return Run{wrapped, now, original, n_outputs}(now.size(), inputs);
}

std::vector<Tensor> run_block(basin_block& block, const basin_context* context, at::TensorList inputs,
                              uint32_t n_outputs) {
  const Original original = [&](at::TensorList in) {
    const auto lent = lend_all(in);
    return outputs_of(n_outputs, [&](basin_tensor** to) {
      return block.run(block.user, context, lent.data(), static_cast<uint32_t>(lent.size()), to, n_outputs);
    });
  };
  if (block.hooks.empty()) return original(inputs);
  return run_hooks({nullptr, &block, context}, block.hooks, inputs, n_outputs, original);
}

}  // namespace basin
