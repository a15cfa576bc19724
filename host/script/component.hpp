// Components in scripts: basin.optimizer "sam" { rho = 0.1 }. Most are checked options and nothing more; models, data
// sets and processes live.
#pragma once
#include "data/dataset.hpp"
#include "diffusion/process.hpp"
#include "model/model.hpp"
#include "script/bind.hpp"

namespace basin::script {

// The process of diffusion/, dressed as a component: kind "process", name "vp", options schedule and steps.
class ProcessObject : public basin_object {
 public:
  explicit ProcessObject(Spec spec);
  std::string kind() const override { return "process"; }
  nlohmann::json describe() const override { return spec_.describe(); }
  std::shared_ptr<const Process> process;

 private:
  Spec spec_;
};

// A userdata of type "model", "optimizer", ...: `basin.optimizer "sam"` alone is one that options may still follow.
struct ComponentBox {
  const Component* component = nullptr;
  std::string origin;                    // "sam.lua:12"
  std::shared_ptr<const Spec> spec;      // null until options were given or it was used
  std::shared_ptr<basin_object> living;  // of a model, data set or process
};

ComponentBox* component_at(lua_State* L, int index);  // null where it is something else
// Its checked options, the defaults where none were given, and for the kinds that live the object.
const std::shared_ptr<const Spec>& spec_of(lua_State* L, ComponentBox& box);
std::shared_ptr<basin_object> living_of(lua_State* L, ComponentBox& box);

std::shared_ptr<Model> model_at(lua_State* L, int index);
std::shared_ptr<const Dataset> dataset_at(lua_State* L, int index);
std::shared_ptr<const Process> process_at(lua_State* L, int index);
std::shared_ptr<Object> make_object_at(lua_State* L, int index);  // a new one of these options
int give_model(lua_State* L, std::shared_ptr<Model> model);
int give_process(lua_State* L, const Process& process);

// Options: what a script gave, as checked values want it; Error for what no option can be.
Value value_at(lua_State* L, int index, const std::string& name);
void give_value(lua_State* L, const Value& value);
std::vector<Option> options_at(lua_State* L, int table, const std::string& origin);

// What the types of userdata offer beyond their options (model.cpp, measure.cpp).
std::vector<Function> methods_of(const std::string& kind);
std::vector<Property> properties_of(const std::string& kind);
int call_model(Call& c);  // model(x, t)

const Component& process_component();                                  // "vp"
std::vector<std::string> script_kinds();                               // "model", ..., "process"
std::vector<const Component*> components_of(const std::string& kind);  // of those and processes, by name

}  // namespace basin::script
