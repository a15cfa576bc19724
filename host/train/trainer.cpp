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

}  // namespace

TrainResult train(Run& run, const TrainOptions& o) {
  check_options(o);
  Model& model = *o.model;
  const uint64_t seed = run.settings().seed;
  const nlohmann::json begun = o.begun.is_null() ? model.describe() : o.begun;
  if (!begun.contains("weights")) model.initialize(seed);
  model.process = o.process;
  model.run_folder = run.folder().string();

  // An lr_schedule of an earlier training of this model left its last rate behind.
  for (auto& group : model.parameters().groups()) group.rate.fill_(1);
  std::optional<ServedValidation> validation;
  if (o.validation) validation.emplace(model.parameters(), [&o, seed] { return validation_loss(o, seed); });

  ServedReport report(model.parameters());

  // The state is one tree: whatever is in it is in the checkpoint.
  State state(model.device());
  const basin_process process{o.process};
  start_optimizer(*o.optimizer, model.parameters(), state.child("optimizer"));
  for (const auto& [name, averager] : o.averages)
    averager->call(
        [&] {
          return averager->functions<basin_averager_functions>().start(averager->self(), &model.parameters(),
                                                                       &state.child("averages").child(name));
        },
        "start");
  o.noise_schedule->call(
      [&] {
        return o.noise_schedule->functions<basin_noise_schedule_functions>().start(o.noise_schedule->self(), &process,
                                                                                   &state.child("noise_schedule"));
      },
      "start");

  const auto say = [&](const std::string& line) {
    Progress::clear();
    run.log(line);
  };
  Checkpoint at;
  std::optional<TrainResult> finished;  // where its weights are all that is left of it
  if (auto found = load_checkpoint(run.checkpoints(), model, state, say)) {
    at = *found;
    run.log(at.step >= o.steps ? "training was finished: loaded step " + std::to_string(at.step)
                               : "continuing at step " + std::to_string(at.step) + " of " + std::to_string(o.steps));
  } else if ((finished = load_finished(run, model, o, say))) {
    at.step = finished->steps;
    run.log("training was finished: loaded its weights, for its checkpoints are gone");
  } else if (begun.contains("weights")) {  // weights that no seed gives back: the run keeps what it began with
    if (model.describe() != begun)
      throw Error("the run in " + run.folder().string() +
                  " has no checkpoint to go back to, and the model has changed since it began; load the weights again, "
                  "and begin a run of another name");
    save_checkpoint(run.checkpoints(), at, model, state);
  }
  // A run that was stopped after its last step is not finished yet: its weights are still to be written.
  const bool finished_before = at.step >= o.steps && run.state().value("status", nlohmann::json()) == "finished";
  int64_t saved = at.step;
  model.initial = false;
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
  } remember{model, begun};
  if (o.on_begin) o.on_begin(at.step);

  const auto optimizer = o.optimizer->functions<basin_optimizer_functions>();
  const int64_t tail = std::max<int64_t>(1, o.steps / 10);
  const double seconds_before = at.seconds;
  if (at.step < o.steps) {
    run.begin_segment();
    run.set_state({{"status", "running"}, {"steps", o.steps}});
    Batches batches(o.data, seed, o.batch, o.flip, at.step);
    Progress progress("training", o.steps);
    const auto start = Clock::now();
    auto logged = start;
    int64_t timed_step = at.step;  // where `logged` was
    progress.update(at.step);

    const auto save = [&] {
      check_weights(model, at.step, saved);
      at.seconds = seconds_before + std::chrono::duration<double>(Clock::now() - start).count();
      save_checkpoint(run.checkpoints(), at, model, state);
      saved = at.step;
    };
    const struct AveragesNow {  // for on_step
      Model& model;
      AveragesNow(Model& trained, const TrainOptions& options) : model(trained) {
        for (const auto& [name, averager] : options.averages)
          model.averages_now[name] = [this, name, averager] { return averaged_model(model, *averager, name); };
      }
      ~AveragesNow() { model.averages_now.clear(); }
    } averages_now(model, o);
    bool whole = true;  // between two steps
    try {
      while (at.step < o.steps) {
        const Batch batch = batches.next();
        StepClosure closure(o, batch, seed, at.step, saved);
        basin_closure_result result{};
        result.size = sizeof result;
        whole = false;
        try {
          o.optimizer->call(
              [&] { return optimizer.step(o.optimizer->self(), closure.context().get(), closure.get(), &result); },
              "step");
        } catch (const Error&) {
          closure.rethrow_own();
        }
        steal(result.loss), steal(result.sample_losses);
        if (!closure.ran())
          throw Error("optimizer '" + o.optimizer->spec().component->name +
                      "' did not run the closure on the whole batch");
        closure.update_noise_schedule();
        at.step++;
        for (const auto& [name, averager] : o.averages)
          averager->call(
              [&] {
                return averager->functions<basin_averager_functions>().update(averager->self(),
                                                                              closure.context().get());
              },
              "update");
        whole = true;

        at.logged_sum += closure.loss();
        if (at.step > o.steps - tail) at.loss_sum += closure.loss(), at.loss_count++;
        TrainStep info{at.step, o.steps, closure.loss(), 0, 0};
        const auto now = Clock::now();
        info.seconds = seconds_before + std::chrono::duration<double>(now - start).count();
        const double since = std::chrono::duration<double>(now - logged).count();
        info.images_per_second = static_cast<double>((at.step - timed_step) * o.batch) / since;
        char detail[96];
        const double mean = at.logged_sum / static_cast<double>(at.step - at.logged_step);
        const int digits = info.images_per_second < 1 ? 3 : info.images_per_second < 10 ? 1 : 0;  // never "0 images/s"
        std::snprintf(detail, sizeof detail, "loss %.4f  %.*f images/s", mean, digits, info.images_per_second);
        progress.update(at.step, detail);
        std::exception_ptr stopped;  // by on_step: a checkpoint of this step follows, so its row comes first
        if (o.on_step) try {
            const struct Labelled {  // what is measured or sampled in it is of this step
              Model& model;
              const std::string before = model.label;
              ~Labelled() { model.label = before; }
            } labelled{model};
            if (at.step < o.steps) model.label = "step " + std::to_string(at.step);
            info.report = &report;
            o.on_step(info);
          } catch (...) {
            stopped = std::current_exception();
          }
        if (at.step % o.log_every == 0 || at.step == o.steps) {
          nlohmann::json row{{"step", at.step},
                             {"loss", mean},
                             {"images_per_second", info.images_per_second},
                             {"seconds", info.seconds}};
          row.update(report.take_means());
          run.metrics(row);
          logged = now;
          at.logged_step = timed_step = at.step;
          at.logged_sum = 0;
        }
        if (stopped) std::rethrow_exception(stopped);
        if (interrupted())
          throw Error("stopped after step " + std::to_string(at.step) + " of " + std::to_string(o.steps) +
                          "; the same command goes on from there",
                      BASIN_ERROR_INTERRUPTED);
        if (at.step % o.save_every == 0 && at.step < o.steps) save();
      }
      save();
    } catch (...) {  // a plugin's failure, LibTorch's, a script's, or Ctrl-C
      bool asked = caught() == BASIN_ERROR_INTERRUPTED;
      std::string sentence = last_error();
      std::exception_ptr failure = std::current_exception();
      if (asked && whole) try {  // any other failure keeps the last checkpoint
          save();
        } catch (...) {
          asked = false;
          caught();
          sentence = last_error();
          failure = std::current_exception();
        }
      try {
        run.set_state({{"status", asked ? "interrupted" : "failed"}, {"step", at.step}, {"message", sentence}});
      } catch (const Error&) {  // on a full disk: what failed first is what is said
      }
      std::rethrow_exception(failure);
    }
    progress.finish();
  }

  TrainResult result;
  if (finished) {
    result = *finished;
  } else {
    result.steps = at.step;
    result.seconds = at.seconds;
    result.loss = at.loss_count ? at.loss_sum / static_cast<double>(at.loss_count) : NAN;
    for (const auto& [name, averager] : o.averages) result.averages[name] = averaged_model(model, *averager, name);
  }
  model.averages = result.averages;
  if (!finished_before) save_finished(run, model, result);
  return result;
}

}  // namespace basin
