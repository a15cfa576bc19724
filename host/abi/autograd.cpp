// Gradients, and differentiable functions made of C callbacks.
#include <basin/autograd.h>

#include "abi/border.hpp"
#include "abi/interfaces.hpp"
#include "abi/lists.hpp"

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// What a function's callbacks keep: a list in forward, the same list in backward.
struct basin_saved {
  variable_list tensors;
  bool backward = false;
};

namespace basin {
namespace {

// A copy of the plugin's struct; every graph that uses it holds a reference, and the last one destroys `user`.
struct Callbacks : torch::CustomClassHolder {
  basin_function function;
  explicit Callbacks(const basin_function& f) : function(f) {}
  ~Callbacks() override {
    if (function.destroy) function.destroy(function.user);
  }
};
using CallbacksPointer = c10::intrusive_ptr<Callbacks>;

struct PluginFunction : torch::autograd::Function<PluginFunction> {
  // `present[i]`: whether input i is there. The engine wants the list as at::TensorList (in a std::vector the tensors
  // are not seen as variables, and gradients vanish), and without undefined ones.
  static variable_list forward(AutogradContext* ctx, const CallbacksPointer& callbacks,
                               const std::vector<bool>& present, at::TensorList inputs) {
    const basin_function& f = callbacks->function;
    variable_list all(present.size());
    for (size_t i = 0, j = 0; i < present.size(); ++i)
      if (present[i]) all[i] = inputs[j++];
    const auto lent = lend_all(all);
    basin_saved saved;
    variable_list outputs = outputs_of(f.n_outputs, [&](basin_tensor** to) {
      return f.forward(f.user, &saved, lent.data(), static_cast<uint32_t>(lent.size()), to, f.n_outputs);
    });
    for (uint32_t i = 0; i < f.n_outputs; ++i)
      if (!outputs[i].defined())
        throw Error("The forward of a differentiable function gave no output " + std::to_string(i) + " of " +
                        std::to_string(f.n_outputs) + ".",
                    BASIN_ERROR_RUNTIME);
    ctx->saved_data["callbacks"] = at::IValue::make_capsule(callbacks);
    ctx->saved_data["present"] = c10::List<bool>([&] {
      c10::List<bool> list;
      for (bool p : present) list.push_back(p);
      return list;
    }());
    ctx->save_for_backward(std::move(saved.tensors));
    ctx->set_materialize_grads(false);
    return outputs;
  }

  static variable_list backward(AutogradContext* ctx, variable_list gradients) {
    const auto callbacks = c10::static_intrusive_pointer_cast<Callbacks>(ctx->saved_data["callbacks"].toCapsule());
    const auto present = ctx->saved_data["present"].toBoolList();
    const basin_function& f = callbacks->function;
    if (!f.backward) throw Error("A differentiable function without a backward was differentiated.");
    basin_saved saved{ctx->get_saved_variables(), true};
    const auto lent = lend_all(gradients);
    const auto n = static_cast<uint32_t>(present.size());
    variable_list all = outputs_of(n, [&](basin_tensor** to) {
      return f.backward(f.user, &saved, lent.data(), static_cast<uint32_t>(lent.size()), to, n);
    });
    variable_list out(2);  // the callbacks and the mask have no gradient
    for (size_t i = 0; i < present.size(); ++i)
      if (present[i]) out.push_back(std::move(all[i]));
    return out;
  }
};

basin_status gradients(basin_tensor* const* outputs, uint32_t n_outputs, basin_tensor* const* inputs, uint32_t n_inputs,
                       int32_t create_graph, basin_tensor** out) {
  return guard([&] {
    if (create_graph != 0 && create_graph != 1)
      throw Error("create_graph is 0 or 1, but " + std::to_string(create_graph) + " was given.");
    variable_list of, with, ones;
    for (uint32_t i = 0; i < n_outputs; ++i) {
      const Borrowed y = in(outputs[i], "An output to differentiate");
      if (!y->requires_grad()) continue;
      of.push_back(y);
      ones.push_back(at::ones_like(y));
    }
    std::vector<uint32_t> place;
    for (uint32_t i = 0; i < n_inputs; ++i) {
      out[i] = nullptr;
      const Borrowed x = in(inputs[i], "An input to differentiate by");
      if (!x->requires_grad()) continue;
      with.push_back(x);
      place.push_back(i);
    }
    if (of.empty() || with.empty()) return;
    auto found = torch::autograd::grad(of, with, ones, create_graph != 0, create_graph != 0, /*allow_unused=*/true);
    for (size_t i = 0; i < place.size(); ++i) out[place[i]] = own(std::move(found[i]));
  });
}

basin_status apply(const basin_function* function, basin_tensor* const* inputs, uint32_t n_inputs,
                   basin_tensor** outputs, uint32_t n_outputs) {
  return guard([&] {
    const basin_function f = take(function, "The differentiable function");
    if (f.size < offsetof(basin_function, user) + sizeof f.user)
      throw Error("The differentiable function says that its size is " + std::to_string(f.size) +
                  ": set its first member to sizeof the struct.");
    const auto callbacks = c10::make_intrusive<Callbacks>(f);  // from here on `user` is destroyed, come what may
    needed(f.forward, "The forward of a differentiable function");
    if (n_outputs != f.n_outputs)
      throw Error("A differentiable function of " + std::to_string(f.n_outputs) + " outputs was asked for " +
                  std::to_string(n_outputs) + ".");
    std::vector<bool> present;
    variable_list given;
    for (Tensor& t : share_all(inputs, n_inputs)) {
      present.push_back(t.defined());
      if (t.defined()) given.push_back(std::move(t));
    }
    auto results = PluginFunction::apply(callbacks, present, at::TensorList(given));
    for (uint32_t i = 0; i < n_outputs; ++i) outputs[i] = own(std::move(results[i]));
  });
}

basin_status save(basin_saved* saved, basin_tensor* const* tensors, uint32_t n) {
  return guard([&] {
    if (needed(saved, "What a function saves")->backward) throw Error("Tensors are saved in forward, not in backward.");
    for (Tensor& t : share_all(tensors, n)) saved->tensors.push_back(std::move(t));
  });
}

basin_status saved_tensors(basin_saved* saved, basin_tensor** out, uint32_t n) {
  return guard([&] {
    if (n != needed(saved, "What a function saved")->tensors.size())
      throw Error("A function saved " + std::to_string(saved->tensors.size()) + " tensors and asks for " +
                  std::to_string(n) + ".");
    for (uint32_t i = 0; i < n; ++i) out[i] = own(saved->tensors[i]);
  });
}

}  // namespace

const basin_autograd_interface autograd_interface = {
    .size = sizeof(basin_autograd_interface),
    .gradients = gradients,
    .detach = [](basin_tensor* t, basin_tensor** out) { return guard([&] { *out = own(in(t)->detach()); }); },
    .require_gradient = [](basin_tensor* t, int32_t on) { return guard([&] { in(t)->set_requires_grad(on != 0); }); },
    .set_recording = [](int32_t on) -> int32_t {
      const bool was = at::GradMode::is_enabled();
      at::GradMode::set_enabled(on != 0);
      return was;
    },
    .apply = apply,
    .save = save,
    .saved = saved_tensors,
};

}  // namespace basin
