// on_step, on_epoch, on_sample, see the header.
#include "script/callbacks.hpp"

#include "abi/log.hpp"
#include "script/engine.hpp"
#include "script/tensor.hpp"
#include "script/text.hpp"
#include "script/types.hpp"
#include "script/written.hpp"
#include "train/report.hpp"

namespace basin::script {
namespace {

// "the checkpoint of step 500 is kept"
std::string kept(const Run& run) {
  int64_t newest = 0;
  std::error_code error;
  for (std::filesystem::directory_iterator it(run.checkpoints(), error), end; !error && it != end;
       it.increment(error)) {
    long long step = 0;
    if (std::sscanf(it->path().filename().c_str(), "step-%lld.safetensors", &step) == 1)
      newest = std::max<int64_t>(newest, step);
  }
  return newest ? "the checkpoint of step " + std::to_string(newest) + " is kept" : "there is no checkpoint yet";
}

void push_function(const Callback& function) {
  luaL_checkstack(function->L, 8, nullptr);
  lua_rawgeti(function->L, LUA_REGISTRYINDEX, function->reference);
}

// Pops what a callback of training gave back: numbers for the run's next row, by name.
void take_numbers(lua_State* L, ServedReport& report) {
  const int table = lua_gettop(L);
  if (!lua_isnil(L, table) && lua_type(L, table) != LUA_TTABLE)
    throw Error("on_step and on_epoch give back nothing or a table of numbers by name, { norm = 0.5 }, got " +
                describe(L, table));
  if (lua_type(L, table) == LUA_TTABLE)
    for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
      const Tensor* one = test<Tensor>(L, -1);
      const bool number = lua_type(L, -1) == LUA_TNUMBER || (one && one->numel() == 1);
      if (lua_type(L, -2) != LUA_TSTRING || !number)
        throw Error("on_step and on_epoch give back numbers by name, { norm = 0.5 }, got " + key_text(L, -2) + " = " +
                    describe(L, -1));
      report.add(text_at(L, -2), one ? one->item<double>() : lua_tonumber(L, -1));
    }
  lua_settop(L, table - 1);
}

}  // namespace

Callback callback_at(Call& c, const char* field) {
  return c.has(field) ? std::make_shared<const Kept>(c.L, c.index(field)) : nullptr;
}

std::function<void(const TrainStep&)> training_callbacks(Callback on_step, Callback on_epoch, const Run& run,
                                                         const TrainOptions& options) {
  const auto call_with = [&run](const Callback& function, ServedReport* report, const nlohmann::json& what) {
    if (!function) return;
    push_function(function);
    give_strict(function->L, what, "run:train");
    try {
      script::call(function->L, 1, 1);
      take_numbers(function->L, *report);
    } catch (const ScriptError& e) {
      if (interrupted()) throw;
      throw ScriptError(std::string(e.what()) + "; training ended there, and " + kept(run), e.status);
    }
  };
  struct Epoch {
    double sum = 0;
    int64_t count = 0;
  };
  return [=, items = options.data->count(), batch = options.batch, epoch = Epoch{}](const TrainStep& at) mutable {
    call_with(on_step, at.report,
              {{"step", at.step},
               {"steps", at.steps},
               {"loss", at.loss},
               {"images_per_second", at.images_per_second},
               {"seconds", at.seconds}});
    epoch.sum += at.loss, ++epoch.count;
    const int64_t passes = at.step * batch / items;  // over the data
    if (passes == (at.step - 1) * batch / items) return;
    call_with(on_epoch, at.report,
              {{"epoch", passes},
               {"step", at.step},
               {"steps", at.steps},
               {"loss", epoch.sum / static_cast<double>(epoch.count)},
               {"seconds", at.seconds}});
    epoch = {};
  };
}

void call_on_sample(const Callback& function, int64_t done, int64_t count, const Tensor& pixels, const Model& model) {
  auto images = std::make_shared<Images>();
  images->pixels = pixels, images->label = model.label;
  images->protocol = nlohmann::json::object();
  lua_State* L = function->L;
  push_function(function);
  give_json(L, {{"done", done}, {"count", count}});
  give(L, std::shared_ptr<const Images>(images));
  lua_setfield(L, -2, "images");
  script::call(L, 1, 0);
}

void call_on_sampler_step(const Callback& function, int64_t done, int64_t step, int64_t steps, const Tensor& x,
                          const Tensor& x0) {
  lua_State* L = function->L;
  push_function(function);
  give_json(L, {{"done", done}, {"step", step}, {"steps", steps}});
  if (x.defined()) give(L, x), lua_setfield(L, -2, "x");
  if (x0.defined()) give(L, x0), lua_setfield(L, -2, "x0");
  try {
    script::call(L, 1, 0);
  } catch (const std::exception&) {
    keep_script_error();
    throw;
  }
}

}  // namespace basin::script
