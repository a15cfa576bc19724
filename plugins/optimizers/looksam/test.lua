local basin, toy = require "basin", require "toy"
local watched, distance, refused = toy.watched, toy.distance, toy.refused
local still, adam = basin.optimizer "sgd" { lr = 0 }, basin.optimizer "adam" { lr = 1e-2 }

-- Two passes in every third step, one in the others; the climb is SAM's.
local seen, before, after = watched("looksam-passes", 7, basin.optimizer("looksam", { rho = 0.2, every = 3, base = still }))
assert(#seen == 7 + 3 and distance(after, before) == 0)
for i, away in ipairs { 0, 0.2, 0, 0, 0, 0.2, 0, 0, 0, 0.2 } do
  assert(math.abs(distance(seen[i].weights, before) - away) < 1e-5, i)
end

-- every = 1 is SAM, bit for bit; alpha = 0 between is the base.
local _, _, sam = watched("looksam-sam", 3, basin.optimizer("sam", { rho = 0.1, base = adam }))
local _, _, same = watched("looksam-same", 3, basin.optimizer("looksam", { rho = 0.1, every = 1, base = adam }))
local _, _, global = watched("looksam-global", 3, basin.optimizer("looksam", { rho = 0.1, base = adam }))
local _, _, tensor = watched("looksam-tensor", 3, basin.optimizer("looksam", { rho = 0.1, norms = "tensor", base = adam }))
assert(distance(sam, same) == 0 and distance(sam, global) > 0 and distance(global, tensor) > 0)

toy.reports_sharpness("looksam", basin.optimizer("looksam", { rho = 0.5, every = 1, base = adam }))

-- It learns.
local _, _, _, losses = watched("looksam-learns", 60, basin.optimizer("looksam", { base = basin.optimizer "adam" { lr = 3e-3 } }))
assert(losses[60] < 0.9 * losses[1], losses[60])

-- A radius at which the training does not start is said after 300 steps, with one at which it does.
local stuck = basin.optimizer("looksam", { rho = 5, every = 1, base = basin.optimizer "adam" { lr = 3e-3 } })
local share, advice = toy.started("looksam-stuck", stuck)
assert(share > 0.9 and advice and advice < 1, share)

refused("every", function() return basin.optimizer "looksam" { every = 0, base = adam } end)
print "ok"
