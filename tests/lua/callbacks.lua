-- on_step and on_epoch hear every step and every pass over the data; on_sample every batch (written.lua).
local basin = require "basin"
local toy = require "toy"

local steps, epochs, losses = {}, {}, {}
basin.run { name = "callbacks", device = "cpu" }:train {
  model = toy.tiny(), data = basin.dataset "gaussian" { count = 20, size = 8 }, process = toy.process, steps = 12, batch = 8,
  optimizer = basin.optimizer "adam",
  on_step = function(at) steps[#steps + 1] = at.step losses[#losses + 1] = at.loss end,
  on_epoch = function(at) epochs[#epochs + 1] = at end,
}
assert(#steps == 12 and steps[12] == 12)
-- 20 items, 8 a step: passes end in the steps 3, 5, 8 and 10.
assert(#epochs == 4)
for i, step in ipairs { 3, 5, 8, 10 } do assert(epochs[i].epoch == i and epochs[i].step == step and epochs[i].steps == 12) end
toy.close(epochs[2].loss, (losses[4] + losses[5]) / 2, 1e-9)
toy.close(epochs[1].loss, (losses[1] + losses[2] + losses[3]) / 3, 1e-9)

-- What they give back stands in the run's rows, as the mean since the row before, also after the run was stopped, and a run
-- that is loaded gives it without training. A model is labelled with the step in them.
local function recorded(stop)
  local run, model = basin.run { name = "recorded", device = "cpu" }, toy.tiny()
  local ok, failure = pcall(function()
    run:train {
      model = model, data = basin.dataset "gaussian" { count = 16, size = 8 }, process = toy.process, steps = 12, batch = 8,
      optimizer = basin.optimizer "adam", log_every = 2, save_every = 3, averages = { ema = basin.averager "ema" },
      on_step = function(at)
        if at.step == stop then error "enough" end
        if at.step == 5 then
          assert(model.label == "step 5" and model:averaged("ema").label == "ema, step 5")
        end
        return { square = at.step ^ 2, one = basin.ones { 1 } }
      end,
      on_epoch = function(at) return { passes = at.epoch } end,
    }
  end)
  return run, failure, model
end
local run, failure = recorded(9)
assert(failure:find("enough; training ended there, and the checkpoint of step 6 is kept", 1, true), failure)
local model
run, failure, model = recorded()
assert(not failure and model.label == "raw", failure)
local again = recorded()  -- loaded
for _, run in ipairs { run, again } do
  local squares, at = run:curve "square"
  assert(at == basin.tensor({ 2, 4, 6, 8, 10, 12 }, "int64"))
  assert(squares == basin.tensor { (1 + 4) / 2, (9 + 16) / 2, (25 + 36) / 2, (49 + 64) / 2, (81 + 100) / 2, (121 + 144) / 2 })
  assert(run:curve "one" == basin.ones { 6 } and run:curve("loss").count == 6)
  local passes, ends = run:curve "passes"
  assert(passes == basin.range(1, 6) and ends == at)
end
toy.refused("have no 'squar'; did you mean 'square'?", function() run:curve "squar" end)
for text, give in pairs {
  ["a table of numbers by name, { norm = 0.5 }, got the number 3"] = 3,
  ["numbers by name, { norm = 0.5 }, got 'a' = the string \"b\""] = { a = "b" },
  ["'loss' is what the training itself reports"] = { loss = 1 },
} do
  toy.refused(text, function()
    basin.run { name = "bad", device = "cpu" }:train {
      model = toy.tiny(), data = basin.dataset "gaussian" { count = 16, size = 8 }, process = toy.process, steps = 2, batch = 8,
      optimizer = basin.optimizer "adam", on_step = function() return give end,
    }
  end)
end
