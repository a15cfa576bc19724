// One training, from top to bottom: open what the run remembers, then for every step a batch, a closure, the optimizer,
// the averages; checkpoints on the way.
#include "train/trainer.hpp"

#include <basin/averager.h>
#include <basin/noise_schedule.h>

#include "abi/kernels/norm.hpp"
#include "abi/log.hpp"
#include "data/batches.hpp"
#include "measure/denoiser.hpp"
#include "run/progress.hpp"
#include "train/checkpoint.hpp"
#include "train/closure.hpp"
#include "train/finished.hpp"
#include "train/optimizer.hpp"
#include "train/report.hpp"
#include "train/validation.hpp"

namespace basin {

namespace {

using Clock = std::chrono::steady_clock;

std::shared_ptr<Model> averaged_model(Model& model, const Object& averager, const std::string& name) {
  at::NoGradGuard no_grad;
  std::shared_ptr<Model> copy = model.copy();
  auto& groups = copy->parameters().groups();
  for (uint32_t i = 0; i < groups.size(); i++) {
    basin_tensor* out = nullptr;
    averager.call([&] { return averager.functions<basin_averager_functions>().average(averager.self(), i, &out); },
                  "average");
    groups[i].values.copy_(steal(out));
  }
  copy->label = name + (model.label.empty() ? "" : ", " + model.label);
  return copy;
}

// A model conditioned on classes learns nothing from items that have none: label -1 would be another class to it.
void check_labels(const TrainOptions& o, const Dataset& data, const char* what) {
  for (const Port& port : o.model->inputs()) {
    if (port.name != "label") continue;
    const std::string who = "model '" + o.model->spec().component->name + "' is conditioned on " +
                            (port.classes > 0 ? std::to_string(port.classes) + " classes" : "classes") + ", and the " +
                            what + "data set '" + data.spec().component->name + "' has ";
    if (data.classes() == 0 && !port.optional)
      throw Error(who + "no labels; train on data with labels, or a model without classes");
    if (port.classes > 0 && data.classes() > port.classes)
      throw Error(who + std::to_string(data.classes()) + "; give the model as many");
  }
}

}  // namespace

void check_options(const TrainOptions& o) {
  if (o.steps < 1 || o.batch < 1 || o.accumulate < 1 || o.accumulate > o.batch)
    throw Error("train needs steps >= 1, batch >= 1 and accumulate between 1 and batch; got steps " +
                std::to_string(o.steps) + ", batch " + std::to_string(o.batch) + ", accumulate " +
                std::to_string(o.accumulate));
  if (o.log_every < 1 || o.save_every < 1)
    throw Error("train needs log_every >= 1 and save_every >= 1; got log_every " + std::to_string(o.log_every) +
                ", save_every " + std::to_string(o.save_every));
  if (!o.model->attached.empty())
    throw Error("'" + o.model->label +
                "' is a quantized model; train the model that it was made of, and quantize that");
  const auto wanted = o.model->sample_shape();
  for (const auto* data : {&o.data, &o.validation}) {
    if (!*data) continue;
    const auto& given = (*data)->shape();
    for (size_t i = 0; i < wanted.size(); i++)
      if (i >= given.size() || (wanted[i] >= 0 && wanted[i] != given[i]))
        throw Error("the model takes " + (std::stringstream() << c10::IntArrayRef(wanted)).str() +
                    " images ([channels, height, width]), the " + (data == &o.data ? "" : "validation ") +
                    "data set has " + (std::stringstream() << c10::IntArrayRef(given)).str());
    check_labels(o, **data, data == &o.data ? "" : "validation ");
  }
}

namespace {

// Weights that diverged are no checkpoint: the one before is worth more.
void check_weights(Model& model, int64_t step, int64_t saved) {
  for (const auto& group : model.parameters().groups())
    if (!std::isfinite(kernels::norm(group.values.detach()).item<double>()))
      throw Error("the weights are no longer finite after step " + std::to_string(step) + "; " + kept_text(saved) +
                      "; try a lower learning rate",
                  BASIN_ERROR_RUNTIME);
}

// A training of one run, from its last checkpoint or its beginning to its end.
class Training {
 public:
  Training(Run& run, const TrainOptions& options);
  void begin();
  void steps();
  TrainResult result();

  const nlohmann::json& begun() const { return begun_; }  // what the model was before the first step
  int64_t step() const { return at_.step; }

 private:
  void start_components();
  double step(const Batch& batch);
  void tell(double loss, Progress& progress);
  std::exception_ptr call_script(TrainStep info);
  void save();
  [[noreturn]] void fail();

  Run& run_;
  const TrainOptions& o_;
  Model& model_;
  const uint64_t seed_;
  const nlohmann::json begun_;
  const basin_process process_{o_.process};
  std::optional<ServedValidation> validation_;
  ServedReport report_;
  State state_;  // one tree: whatever is in it is in the checkpoint

  Checkpoint at_;
  int64_t saved_ = 0;                    // step of the last checkpoint
  bool finished_before_ = false;         // everything is written
  std::optional<TrainResult> finished_;  // where the weights are all that is left of it
  bool whole_ = true;                    // between two steps

  double seconds_before_ = 0;  // of training, in earlier starts of this run
  Clock::time_point start_, logged_;
  int64_t timed_step_ = 0;  // where `logged_` was
};

Training::Training(Run& run, const TrainOptions& options)
    : run_(run),
      o_(options),
      model_(*options.model),
      seed_(run.settings().seed),
      begun_(options.begun.is_null() ? model_.describe() : options.begun),
      report_(model_.parameters()),
      state_(model_.device()) {
  if (!begun_.contains("weights")) model_.initialize(seed_);
  model_.process = o_.process;
  model_.run_folder = run_.folder().string();

  // An lr_schedule of an earlier training of this model left its last rate behind.
  for (auto& group : model_.parameters().groups()) group.rate.fill_(1);
  if (o_.validation) validation_.emplace(model_.parameters(), [this] { return validation_loss(o_, seed_); });
  start_components();
}

void Training::start_components() {
  start_optimizer(*o_.optimizer, model_.parameters(), state_.child("optimizer"));
  for (const auto& [name, averager] : o_.averages)
    averager->call(
        [&] {
          return averager->functions<basin_averager_functions>().start(averager->self(), &model_.parameters(),
                                                                       &state_.child("averages").child(name));
        },
        "start");
  const Object& schedule = *o_.noise_schedule;
  schedule.call(
      [&] {
        return schedule.functions<basin_noise_schedule_functions>().start(schedule.self(), &process_,
                                                                          &state_.child("noise_schedule"));
      },
      "start");
}

// Takes the last checkpoint, or what is left of a finished training, where there is one.
void Training::begin() {
  const auto say = [&](const std::string& line) {  // of a file that cannot be read
    Progress::clear();
    std::fprintf(stderr, "warning: %s\n", line.c_str());
    run_.log(line);
  };
  if (const auto found = load_checkpoint(run_.checkpoints(), model_, state_, say)) {
    at_ = *found;
    run_.log(at_.step >= o_.steps
                 ? "training was finished: loaded step " + std::to_string(at_.step)
                 : "continuing at step " + std::to_string(at_.step) + " of " + std::to_string(o_.steps));
  } else if ((finished_ = load_finished(run_, model_, o_, say))) {
    at_.step = finished_->steps;
    run_.log("training was finished: loaded its weights, for its checkpoints are gone");
  } else {
    if (begun_.contains("weights")) {  // weights that no seed gives back: the run keeps what it began with
      if (model_.describe() != begun_)
        throw Error("the run in " + run_.folder().string() +
                    " has no checkpoint to go back to, and the model has changed since it began; load the weights "
                    "again, and begin a run of another name");
      save_checkpoint(run_.checkpoints(), at_, model_, state_);
    }
    run_.log("beginning at step 0 of " + std::to_string(o_.steps));
  }
  // A run that was stopped after its last step is not finished yet: its weights are still to be written.
  finished_before_ = at_.step >= o_.steps && run_.state().value("status", nlohmann::json()) == "finished";
  saved_ = at_.step;
  seconds_before_ = at_.seconds;
  model_.initial = false;
}

// What a script sees as the model's averages while it trains.
struct AveragesNow {
  Model& model;
  AveragesNow(Model& trained, const TrainOptions& options) : model(trained) {
    for (const auto& [name, averager] : options.averages)
      model.averages_now[name] = [this, name, averager] { return averaged_model(model, *averager, name); };
  }
  ~AveragesNow() { model.averages_now.clear(); }
};

void Training::steps() {
  if (at_.step >= o_.steps) return;
  run_.begin_segment();
  run_.set_state({{"status", "running"}, {"steps", o_.steps}});
  Batches batches(o_.data, seed_, o_.batch, o_.flip, at_.step);
  Progress progress("training", o_.steps);
  start_ = logged_ = Clock::now();
  timed_step_ = at_.step;
  progress.update(at_.step);
  const AveragesNow averages_now(model_, o_);
  try {
    while (at_.step < o_.steps) {
      const double loss = step(batches.next());
      tell(loss, progress);
      if (interrupted())
        throw Error("stopped after step " + std::to_string(at_.step) + " of " + std::to_string(o_.steps) +
                        "; the same command goes on from there",
                    BASIN_ERROR_INTERRUPTED);
      if (at_.step % o_.save_every == 0 && at_.step < o_.steps) save();
    }
    save();
  } catch (...) {
    fail();
  }
  progress.finish();
}

// The optimizer's step with its closure, then the noise schedule and the averages. Gives the loss.
double Training::step(const Batch& batch) {
  StepClosure closure(o_, batch, seed_, at_.step, saved_);
  basin_closure_result result{};
  result.size = sizeof result;
  whole_ = false;
  const Object& optimizer = *o_.optimizer;
  try {
    optimizer.call(
        [&] {
          return optimizer.functions<basin_optimizer_functions>().step(optimizer.self(), closure.context().get(),
                                                                       closure.get(), &result);
        },
        "step");
  } catch (const Error&) {
    closure.rethrow_own();
  }
  steal(result.loss), steal(result.sample_losses);
  if (!closure.ran())
    throw Error("optimizer '" + optimizer.spec().component->name + "' did not run the closure on the whole batch");
  closure.update_noise_schedule();
  at_.step++;
  for (const auto& [name, averager] : o_.averages)
    averager->call(
        [&] {
          return averager->functions<basin_averager_functions>().update(averager->self(), closure.context().get());
        },
        "update");
  whole_ = true;
  return closure.loss();
}

// After a step: the line of progress, the script's on_step, and the row of metrics that is due.
void Training::tell(double loss, Progress& progress) {
  at_.logged_sum += loss;
  if (at_.step > o_.steps - std::max<int64_t>(1, o_.steps / 10)) at_.loss_sum += loss, at_.loss_count++;
  const double mean = at_.logged_sum / static_cast<double>(at_.step - at_.logged_step);
  const auto now = Clock::now();
  TrainStep info{at_.step, o_.steps, loss, 0, 0};
  info.seconds = seconds_before_ + std::chrono::duration<double>(now - start_).count();
  info.images_per_second =
      static_cast<double>((at_.step - timed_step_) * o_.batch) / std::chrono::duration<double>(now - logged_).count();
  char detail[96];
  const int digits = info.images_per_second < 1 ? 3 : info.images_per_second < 10 ? 1 : 0;  // never "0 images/s"
  std::snprintf(detail, sizeof detail, "loss %.4f  %.*f images/s", mean, digits, info.images_per_second);
  progress.update(at_.step, detail);

  const std::exception_ptr stopped = call_script(info);  // a checkpoint of this step follows, so its row comes first
  if (at_.step % o_.log_every == 0 || at_.step == o_.steps) {
    nlohmann::json row{
        {"step", at_.step}, {"loss", mean}, {"images_per_second", info.images_per_second}, {"seconds", info.seconds}};
    row.update(report_.take_means());
    run_.metrics(row);
    logged_ = now;
    at_.logged_step = timed_step_ = at_.step;
    at_.logged_sum = 0;
  }
  if (stopped) std::rethrow_exception(stopped);
}

// on_step; what it threw.
std::exception_ptr Training::call_script(TrainStep info) {
  if (!o_.on_step) return nullptr;
  const struct Labelled {  // what is measured or sampled in it is of this step
    Model& model;
    const std::string before = model.label;
    ~Labelled() { model.label = before; }
  } labelled{model_};
  if (at_.step < o_.steps) model_.label = "step " + std::to_string(at_.step);
  info.report = &report_;
  try {
    o_.on_step(info);
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

void Training::save() {
  check_weights(model_, at_.step, saved_);
  at_.seconds = seconds_before_ + std::chrono::duration<double>(Clock::now() - start_).count();
  save_checkpoint(run_.checkpoints(), at_, model_, state_);
  saved_ = at_.step;
}

// In a catch block: a plugin's failure, LibTorch's, a script's, or Ctrl-C.
void Training::fail() {
  bool asked = caught() == BASIN_ERROR_INTERRUPTED;
  std::string sentence = last_error();
  std::exception_ptr failure = std::current_exception();
  if (asked && whole_) try {  // any other failure keeps the last checkpoint
      save();
    } catch (...) {
      asked = false;
      caught();
      sentence = last_error();
      failure = std::current_exception();
    }
  try {
    run_.set_state({{"status", asked ? "interrupted" : "failed"}, {"step", at_.step}, {"message", sentence}});
  } catch (const Error&) {  // on a full disk: what failed first is what is said
  }
  std::rethrow_exception(failure);
}

TrainResult Training::result() {
  TrainResult result;
  if (finished_) {
    result = *finished_;
  } else {
    result.steps = at_.step;
    result.seconds = at_.seconds;
    result.loss = at_.loss_count ? at_.loss_sum / static_cast<double>(at_.loss_count) : NAN;
    for (const auto& [name, averager] : o_.averages) result.averages[name] = averaged_model(model_, *averager, name);
  }
  model_.averages = result.averages;
  if (!finished_before_) save_finished(run_, model_, result);
  return result;
}

}  // namespace

TrainResult train(Run& run, const TrainOptions& options) {
  check_options(options);
  Training training(run, options);
  training.begin();
  // However the training ends: its model is known as what it was at the beginning.
  const struct Remember {
    Model& model;
    const nlohmann::json& begun;
    ~Remember() {
      try {
        model.remember(begun);
      } catch (const std::exception&) {  // out of memory: then it is known by its weights
      }
    }
  } remember{*options.model, training.begun()};
  if (options.on_begin) options.on_begin(training.step());
  training.steps();
  return training.result();
}

}  // namespace basin
