// A living component: the object that a plugin made from a Spec.
#pragma once
#include <functional>
#include <nlohmann/json.hpp>

#include "abi/handles.hpp"
#include "plugin/crash.hpp"
#include "plugin/registry.hpp"

namespace basin {

class Object : public basin_object {
 public:
  // Creates it, and the components among its options first. The plugin's failure becomes an Error that names plugin and
  // component.
  explicit Object(Spec spec);
  ~Object() override;
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  std::string kind() const override { return spec_.component->kind; }
  nlohmann::json describe() const override { return spec_.describe(); }
  const Spec& spec() const { return spec_; }
  void* self() const { return self_; }

  // The component's functions; a member that this plugin's (older, smaller) struct lacks reads as null.
  template <class Functions>
  Functions functions() const {
    Functions f{};
    copy_functions(&f, sizeof f);
    return f;
  }

  // Runs a call into the plugin and turns a failure into an Error: "optimizer 'sam' (plugin sam 0.1.0): sentence". The
  // engine's own sentences know nothing of the plugin, so they also get the name of the `function` that was called:
  // "optimizer 'sam' (plugin sam 0.1.0) in step: aten::add: ...".
  template <class F>
  void call(F&& body, const char* function = nullptr) const {
    const AtWork at_work(who_.c_str());
    set_last_error("");  // a plugin that fails without a sentence must not get an older one's
    basin_status status = BASIN_OK;
    try {
      status = body();
    } catch (...) {
      let_out();
    }
    if (status != BASIN_OK) fail(status, function);
  }

  // Components among the options, by option name, in order: a wrapper's base.
  const std::vector<std::pair<std::string, std::shared_ptr<basin_object>>>& children() const { return children_; }

 private:
  void copy_functions(void* out, uint32_t size) const;
  [[noreturn]] void fail(basin_status status, const char* function) const;
  [[noreturn]] void let_out() const;  // in a catch block: the plugin let an exception out, which nothing may do
  Spec spec_;
  std::string who_;  // "optimizer 'sam' (plugin sam 0.1.0)"
  std::vector<std::pair<std::string, std::shared_ptr<basin_object>>> children_;
  void* self_ = nullptr;
};

// What an option of kind COMPONENT becomes when a Spec was given: an Object, but for the kinds whose room has a class
// of its own (model, dataset), which says so here at start-up.
void add_factory(const std::string& kind, std::function<std::shared_ptr<basin_object>(Spec)> make);
std::shared_ptr<basin_object> make_object(Spec spec);

void add_plugin_interfaces();  // options

}  // namespace basin
