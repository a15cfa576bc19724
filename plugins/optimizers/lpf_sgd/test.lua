local basin, toy = require "basin", require "toy"
local watched, distance, close, refused = toy.watched, toy.distance, toy.close, toy.refused
local still, adam = basin.optimizer "sgd" { lr = 0 }, basin.optimizer "adam" { lr = 1e-2 }

-- Four parts of two images, each elsewhere; together the batch.
local seen, before, after, losses = watched("lpf-parts", 2, basin.optimizer("lpf_sgd", { sigma = 0.01, draws = 4, base = still }))
assert(#seen == 8 and distance(after, before) == 0)
for i, run in ipairs(seen) do
  assert(run.images == 2 and distance(run.weights, before) > 0)
  if i > 1 then assert(distance(run.weights, seen[i - 1].weights) > 0) end
end

-- Without noise the parts make the whole batch: the base, and its loss.
local sgd = basin.optimizer "sgd" { lr = 0.1 }
local _, _, parts, apart = watched("lpf-none", 3, basin.optimizer("lpf_sgd", { sigma = 0, draws = 3, base = sgd }))
local _, _, plain, together = watched("lpf-plain", 3, sgd)
assert(distance(parts, plain) < 1e-4 * distance(plain, before))
for i = 1, 3 do close(apart[i], together[i], 1e-4) end

-- Noise schedules learn from all parts.
local model = toy.tiny()
basin.run { name = "lpf-schedule", device = "cpu", precision = "fp32" }:train {
  model = model, data = toy.data, process = toy.process, steps = 3, batch = 8,
  noise_schedule = basin.noise_schedule "loss_second_moment" {}, optimizer = basin.optimizer("lpf_sgd", { base = adam }),
}

-- Around an optimizer that asks for some rows of the batch, by the losses of each: without noise it changes nothing.
local esam = basin.optimizer("esam", { rho = 0.5, beta = 1, gamma = 0.5, base = sgd })
local _, _, whole = watched("lpf-esam", 2, esam)
local runs, _, cut = watched("lpf-around-esam", 2, basin.optimizer("lpf_sgd", { sigma = 0, draws = 3, base = esam }))
assert(distance(cut, whole) < 1e-4 * distance(whole, before) and distance(whole, plain) > 0)
for i, images in ipairs { 2, 3, 3, 8, 1, 1, 2 } do assert(runs[i].images == images, i) end  -- parts of the rows, too
assert(#runs == 14)

-- It learns.
local _, _, _, losses = watched("lpf_sgd-learns", 60, basin.optimizer("lpf_sgd", { base = basin.optimizer "adam" { lr = 3e-3 } }))
assert(losses[60] < 0.9 * losses[1], losses[60])

refused("draws", function() return basin.optimizer "lpf_sgd" { draws = 0, base = adam } end)
print "ok"
