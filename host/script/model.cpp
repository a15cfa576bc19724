// What models, data sets and processes offer scripts.
#include "model/model.hpp"

#include <numeric>

#include "measure/denoiser.hpp"
#include "model/choices.hpp"
#include "model/safetensors.hpp"
#include "script/component.hpp"
#include "script/engine.hpp"
#include "script/tensor.hpp"
#include "script/types.hpp"
#include "train/again.hpp"

namespace basin::script {
namespace {

// ---- model ---------------------------------------------------------------------------------------------------------

int averaged(Call& c) {
  const auto model = model_at(c.L, 1);
  const std::string name = c.string("name");
  if (const auto now = model->averages_now.find(name); now != model->averages_now.end()) {
    if (c.has("options"))
      throw Error("the average '" + name + "' is still being made; ask it with other options after the training");
    return give_model(c.L, now->second());
  }
  const auto found = model->averages.find(name);
  if (found != model->averages.end())
    return give_model(c.L, c.has("options")
                               ? averaged_again(*model, name, options_at(c.L, c.index("options"), where(c.L)))
                               : found->second);
  std::vector<std::string> names;
  for (const auto& [known, average] : model->averages) names.push_back(known);
  if (names.empty())
    throw Error("the model has no averages: run:train { averages = { " + name +
                " = basin.averager \"ema\" } } makes them");
  throw Error("the model has no average '" + name + "'" + hint(name, names));
}

int parameters(Call& c) {
  const auto model = model_at(c.L, 1);
  lua_newtable(c.L);
  for (const Parameter& parameter : model->parameters().list()) {
    give(c.L, parameter.value.detach());
    lua_setfield(c.L, -2, parameter.name.c_str());
  }
  return 1;
}

int save(Call& c) {
  const auto model = model_at(c.L, 1);
  write_safetensors(c.string("path"), model->weights(), choices_of(*model));
  return 0;
}

int load(Call& c) {
  const auto model = model_at(c.L, 1);
  const std::string path = c.string("path");
  const Safetensors file = read_safetensors(path);
  if (file.metadata.contains("loss_count"))
    throw Error("'" + path +
                "' is a checkpoint, from which a run goes on with its training; the weights alone are in " +
                "model.safetensors beside it, once that training has finished");
  const std::vector<std::string> unsaid = check_choices(*model, file.metadata, path);
  model->load(file.tensors, path);
  for (const std::string& option : unsaid)
    std::fprintf(stderr, "note: '%s' does not say which %s its weights are for; taken as the model's, \"%s\"\n",
                 path.c_str(), option.c_str(), std::get<std::string>(model->spec()[option]).c_str());
  model->initial = false;
  lua_settop(c.L, 1);
  return 1;
}

int parameter_count(Call& c) { return give(c.L, model_at(c.L, 1)->parameters().count_values()); }
int model_label(Call& c) {
  const std::string& label = model_at(c.L, 1)->label;
  return give(c.L, label.empty() ? "raw" : label);
}
int model_shape(Call& c) { return give(c.L, model_at(c.L, 1)->sample_shape()); }
int model_process(Call& c) {
  const auto model = model_at(c.L, 1);
  if (!model->process) return lua_pushnil(c.L), 1;
  return give_process(c.L, *model->process);
}

// ---- dataset -------------------------------------------------------------------------------------------------------

int item_count(Call& c) { return give(c.L, dataset_at(c.L, 1)->count()); }
int item_shape(Call& c) { return give(c.L, dataset_at(c.L, 1)->shape()); }
int class_count(Call& c) { return give(c.L, dataset_at(c.L, 1)->classes()); }
int reference(Call& c) { return give(c.L, dataset_at(c.L, 1)->reference()); }

std::vector<int64_t> span_of(Call& c, const Dataset& data) {
  const int64_t first = c.integer("first"), n = c.integer("count", 1);
  if (first < 1 || n < 1 || first > data.count() || n > data.count() - first + 1) {
    throw Error(std::to_string(n) + (n == 1 ? " item" : " items") + " from item " + std::to_string(first) +
                " on are not all in the data set, which has " + std::to_string(data.count()) + ", counted from 1");
  }
  std::vector<int64_t> items(static_cast<size_t>(n));
  std::iota(items.begin(), items.end(), first - 1);
  return items;
}

int read_items(Call& c) {
  const auto data = dataset_at(c.L, 1);
  return give(c.L, data->images(span_of(c, *data)));
}

int labels(Call& c) {
  const auto data = dataset_at(c.L, 1);
  if (data->classes() == 0) throw Error("the data set '" + data->spec().component->name + "' has no labels");
  Tensor labels;
  data->read(span_of(c, *data), &labels);
  return give(c.L, labels);
}

int images(Call& c) {
  const auto data = dataset_at(c.L, 1);
  if (!data->is_bytes()) throw Error("this data set holds no images of 8 bits; data:read gives its values as a tensor");
  const auto items = span_of(c, *data);
  auto images = std::make_shared<Images>();
  images->pixels = data->read(items);
  images->label = "data";
  images->protocol = {{"dataset", data->describe()}, {"first", items.front()}, {"count", items.size()}};
  return give(c.L, std::shared_ptr<const Images>(images));
}

// ---- process -------------------------------------------------------------------------------------------------------

// A table at t: a number for a step, counted from 0 as in the papers; a tensor [B,1,1,1] for a tensor [B] of steps.
int at_steps(Call& c, const Table& table) {
  const int t = c.index("t");
  if (const Tensor* steps = test<Tensor>(c.L, t)) {
    const Tensor like = at::empty({1, 1, 1, 1}, steps->device());
    return give(c.L, gather(table, steps->to(at::kLong), like));
  }
  const int64_t step = c.integer("t");
  if (step < 0 || step >= table.size()) {
    throw Error("time step " + std::to_string(step) + " is outside 0 to " + std::to_string(table.size() - 1));
  }
  return give(c.L, table[step]);
}
int alpha(Call& c) { return at_steps(c, process_at(c.L, 1)->alpha()); }
int sigma(Call& c) { return at_steps(c, process_at(c.L, 1)->sigma()); }
int noised(Call& c) {
  return give(
      c.L, process_at(c.L, 1)->q_sample(get<Tensor>(c.L, c.index("x0")), get<Tensor>(c.L, c.index("t")).to(at::kLong),
                                        get<Tensor>(c.L, c.index("noise"))));
}

}  // namespace

// The model's prediction (of the kind it was made for) at x [B,C,H,W] and t, a number or a tensor [B]; no gradients of
// its weights are kept, those of x flow.
int call_model(Call& c) {
  const auto model = model_at(c.L, 1);
  const auto refuse = [&] {
    throw Error("a model is called as model(x, t), with x a tensor [B,C,H,W] and t a number or a tensor [B]; got " +
                describe(c.L, 2) + " and " + describe(c.L, 3));
  };
  if (!test<Tensor>(c.L, 2) || !(test<Tensor>(c.L, 3) || lua_type(c.L, 3) == LUA_TNUMBER)) {
    prediction_target(*model);  // a feature extractor is not called so at all
    refuse();
  }
  const Tensor& x = get<Tensor>(c.L, 2);
  Tensor t = operand(c.L, 3).to(x.device(), at::kFloat);
  if (x.dim() != 4 || t.dim() > 1 || (t.dim() == 1 && t.size(0) != x.size(0))) refuse();
  if (t.dim() == 0) t = t.expand({x.size(0)});
  std::vector<int64_t> ids(static_cast<size_t>(x.size(0)));
  std::iota(ids.begin(), ids.end(), 0);
  Context context(0, 0, ids);
  at::AutoGradMode record(x.requires_grad());
  const ModelOutput out = run_model(*model, context, x, t, {});
  give(c.L, out.prediction);
  if (!out.variance.defined()) return 1;
  give(c.L, out.variance);
  return 2;
}

std::vector<Function> methods_of(const std::string& kind) {
  static const Field range[] = {{"first", "integer", "The first item, from 1.", nullptr, 1},
                                {"count", "integer", "How many.", "1", 1}};
  static const Field t{"t", "integer|tensor", "A time step from 0, or a tensor [B] of them."};
  if (kind == "model") {
    return {{{"model:averaged",
              "The average of its weights that a training kept under a name.",
              {{"name", "string", "As in run:train { averages = { NAME = ... } }."},
               {"options", "table", "Of the averager, changed afterwards: another profile of post_hoc_ema.", ""}},
              false,
              "model",
              "model:averaged \"ema\""},
             averaged},
            {{"model:parameters",
              "Its parameters by name; changing them changes the model.",
              {},
              false,
              "table<string, tensor>",
              "for name, value in pairs(model:parameters()) do print(name, value) end"},
             parameters},
            {{"model:save",
              "Writes its weights as safetensors, under the names of the original code.",
              {{"path", "string", "The file."}},
              false,
              "",
              "model:save \"model.safetensors\""},
             save},
            {{"model:load",
              "Reads weights written by model:save, by a run, or by Python; names and shapes must fit.",
              {{"path", "string", "The file, safetensors."}},
              false,
              "model (itself)",
              "model:load \"model.safetensors\""},
             load}};
  }
  if (kind == "dataset") {
    return {{{"dataset:images",
              "Some of its images, as run:sample gives them.",
              {range[0], range[1]},
              false,
              "images",
              "data:images(1, 64):grid \"data.png\""},
             images},
            {{"dataset:read",
              "Some items in the model's range, [-1, 1].",
              {range[0], range[1]},
              false,
              "tensor ([n,C,H,W])",
              "data:read(1, 4):mean()"},
             read_items},
            {{"dataset:labels",
              "The classes of some items, from 0 as in the loss's context; -1 where an item has none.",
              {range[0], range[1]},
              false,
              "tensor (int64 [n])",
              "if data.classes > 0 then print(data:labels(1, 4)) end"},
             labels}};
  }
  if (kind == "process") {
    return {{{"process:alpha",
              "How much of the image is left at t.",
              {t},
              false,
              "number|tensor (of a tensor: [B,1,1,1])",
              "process:alpha(500)"},
             alpha},
            {{"process:sigma",
              "How much noise there is at t.",
              {t},
              false,
              "number|tensor (of a tensor: [B,1,1,1])",
              "process:sigma(500)"},
             sigma},
            {{"process:noised",
              "x_t = alpha x0 + sigma noise.",
              {{"x0", "tensor", "Clean images [B,C,H,W]."},
               {"noise", "tensor", "As large."},
               {"t", "tensor", "Time steps [B]."}},
              false,
              "tensor ([B,C,H,W])",
              "process:noised(x, basin.randn(x:shape()), basin.zeros { #x })"},
             noised}};
  }
  if (kind == "metric") return metric_methods();
  return {};
}

std::vector<Property> properties_of(const std::string& kind) {
  if (kind == "model") {
    return {{"count", "How many parameters it has.", parameter_count, "integer"},
            {"label", "What its weights are: raw, ema, \"ema, 8 bits\".", model_label, "string"},
            {"shape", "Of one image: { channels, height, width }.", model_shape, "integer[]"},
            {"process", "What it was trained on; nil before.", model_process, "process|nil"}};
  }
  if (kind == "dataset") {
    return {{"count", "How many items it has.", item_count, "integer"},
            {"shape", "Of one item: { channels, height, width }.", item_shape, "integer[]"},
            {"classes", "How many classes its labels name; 0 without labels.", class_count, "integer"},
            {"reference", "What it is, for captions.", reference, "string"}};
  }
  return {};
}

}  // namespace basin::script
