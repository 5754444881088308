// The rows of the recovery decision. Their order matters: the first row that matches decides, and
// refusals stand in front of cuts, because a cut cannot be taken back.
#include "format/recovery_table.hpp"

#include <algorithm>
#include <array>
#include <cassert>

namespace tidemark::format {
namespace {

constexpr std::uint32_t any_value = ~std::uint32_t{0};
constexpr std::uint8_t no = 1;
constexpr std::uint8_t yes = 2;
constexpr std::uint8_t either = no | yes;

template <typename... Values>
constexpr std::uint32_t one_of(Values... values) noexcept {
  return (bit_of(values) | ...);
}

constexpr std::uint32_t none_left = one_of(Residue::none);
constexpr std::uint32_t nothing_behind = one_of(Stop::zeros, Stop::end);
constexpr std::uint32_t no_sound_header =
    one_of(HeaderState::zero, HeaderState::truncated, HeaderState::damaged);
constexpr std::uint32_t unnamed = one_of(Link::none);

// letter, stops, residues, proven, unreadable, closed, short_file, outcome, tail, cause
constexpr std::array tail_rows{
    TailRow{'A', one_of(Stop::seal, Stop::limit), any_value, either, either, either, either,
            Outcome::end, TailWord::none,
            "The segment was sealed, or the caller asked for no more: its end is not a question."},
    TailRow{
        'B', one_of(Stop::unreadable), any_value, either, either, either, either,
        Outcome::refuse_io, TailWord::none,
        "The device did not give the next bytes: they may hold records, and may be read another "
        "day."},
    TailRow{'C', one_of(Stop::unknown), any_value, either, either, either, either,
            Outcome::refuse_version, TailWord::none,
            "A newer version wrote a frame that must be understood to go on."},
    TailRow{
        'D', one_of(Stop::wrong_seq), any_value, either, either, either, either, Outcome::corrupt,
        TailWord::none,
        "A sound frame of this very place does not continue the frames in front of it: no place "
        "is written twice, so frames in front of it were lost or replaced by older bytes."},
    TailRow{'E', any_value, one_of(Residue::one_bit), either, either, either, either,
            Outcome::corrupt, TailWord::none,
            "One flipped bit makes a sound frame of it: a write that was cut leaves whole sectors "
            "wrong, so this was written whole and has rotted."},
    TailRow{
        'F', any_value, one_of(Residue::headerless, Residue::incomplete, Residue::complete), yes,
        either, either, either, Outcome::corrupt, TailWord::none,
        "Something was durable behind the damage when it was written (a later frame, a successor, "
        "a seal, a cursor or the caller says so), so the damaged bytes were durable too."},
    TailRow{'G', any_value, none_left, yes, either, either, either, Outcome::corrupt,
            TailWord::none,
            "The log ends in zeros below what is known to have been durable: a write that was "
            "reported as durable is lost, or bytes were wiped or cut off."},
    TailRow{
        'H', any_value, one_of(Residue::imitations), either, either, either, either,
        Outcome::corrupt, TailWord::none,
        "Behind the damage stand more bytes that imitate frame headers than the search for proof "
        "may test: no crash leaves that, and without the search nothing may be cut."},
    TailRow{'I', any_value, any_value, no, yes, either, either, Outcome::refuse_io, TailWord::none,
            "A byte behind the end could not be read, and it could hold the proof that more was "
            "durable."},
    TailRow{
        'J', nothing_behind, none_left, no, no, either, yes, Outcome::cut, TailWord::torn,
        "The file is shorter than it was made: its zeros were durable before its first frame, so "
        "somebody cut it; all that is left of it is sound."},
    TailRow{'K', nothing_behind, none_left, no, no, yes, no, Outcome::clean, TailWord::clean,
            "The journal was closed: nothing was in flight."},
    TailRow{'L', nothing_behind, none_left, no, no, no, no, Outcome::end, TailWord::clean,
            "The writer ended without closing, and no write of it was cut."},
    TailRow{
        'M', any_value, one_of(Residue::incomplete), no, no, either, either, Outcome::cut,
        TailWord::torn,
        "A write was cut: a sector of the frame never reached the disk, so its commit was never "
        "acknowledged."},
    TailRow{'N', any_value, one_of(Residue::complete), no, no, either, either, Outcome::cut,
            TailWord::undecidable,
            "A write was cut and its sectors hold garbage, or the last commit was acknowledged and "
            "then damaged: nothing behind it was started, so the bytes cannot tell."},
    TailRow{'O', any_value, one_of(Residue::headerless, Residue::none), no, no, either, either,
            Outcome::cut, TailWord::torn,
            "A write was cut before the header of its frame was on the disk, or writes in flight "
            "behind it arrived first."},
};

// letter, headers, missing, below_head, first, links, zero_behind, unreadable, outcome, cause
constexpr std::array file_rows{
    FileRow{'P', any_value, either, yes, either, any_value, either, either, Outcome::remove,
            "The head mark released the segment; its removal failed or was cut."},
    FileRow{'Q', any_value, no, no, either, any_value, either, yes, Outcome::refuse_io,
            "The device did not give the bytes of the file: they may prove what was durable."},
    FileRow{
        'R', any_value, yes, no, either, any_value, either, either, Outcome::corrupt,
        "A live segment that is named by its neighbours or the head is not there: it was deleted, "
        "or its directory entry was lost after it was durable."},
    FileRow{'S', one_of(HeaderState::newer), no, no, either, any_value, either, no,
            Outcome::refuse_version, "A newer version wrote the segment."},
    FileRow{'T', any_value, no, no, either, one_of(Link::contradicted), either, no,
            Outcome::corrupt,
            "The file is sound and not what its neighbours say it is: another file was put in its "
            "place, or an older state of it came back."},
    FileRow{'U', one_of(HeaderState::valid), no, no, either, any_value, either, no, Outcome::accept,
            "A live segment."},
    FileRow{'V', no_sound_header, no, no, either, one_of(Link::named), either, no, Outcome::corrupt,
            "The header was durable before anything named the segment, and it is gone."},
    FileRow{'W', no_sound_header, no, no, either, unnamed, no, no, Outcome::corrupt,
            "The header was durable before anything was written behind it, and it is gone; or the "
            "first segment, which has its whole length before it has its name, was cut off."},
    FileRow{'X', no_sound_header, no, no, yes, unnamed, yes, no, Outcome::create,
            "The creation of the journal was cut before its header was durable."},
    FileRow{
        'Y', no_sound_header, no, no, no, unnamed, yes, no, Outcome::remove,
        "A spare that was made ahead, or the creation of a successor that was cut: nothing names "
        "it and nothing was written into it."},
};

bool allows(std::uint8_t mask, bool value) noexcept { return (mask & (value ? yes : no)) != 0; }

template <typename Value>
bool among(std::uint32_t mask, Value value) noexcept {
  return (mask & bit_of(value)) != 0;
}

template <typename Row, typename Situation>
const Row& first_match(std::span<const Row> table, const Situation& situation) noexcept {
  const auto found = std::find_if(table.begin(), table.end(),
                                  [&](const Row& row) { return matches(row, situation); });
  assert(found != table.end());
  return *found;
}

}  // namespace

std::span<const TailRow> tail_table() noexcept { return tail_rows; }
std::span<const FileRow> file_table() noexcept { return file_rows; }

bool matches(const TailRow& row, const TailSituation& situation) noexcept {
  return among(row.stops, situation.stop) && among(row.residues, situation.residue) &&
         allows(row.proven, situation.proven) && allows(row.unreadable, situation.unreadable) &&
         allows(row.closed, situation.closed) && allows(row.short_file, situation.short_file);
}

bool matches(const FileRow& row, const FileSituation& situation) noexcept {
  return among(row.headers, situation.header) && allows(row.missing, situation.missing) &&
         allows(row.below_head, situation.below_head) && allows(row.first, situation.first) &&
         among(row.links, situation.link) && allows(row.zero_behind, situation.zero_behind) &&
         allows(row.unreadable, situation.unreadable);
}

const TailRow& decide(std::span<const TailRow> table, const TailSituation& situation) noexcept {
  return first_match(table, situation);
}

const FileRow& decide(std::span<const FileRow> table, const FileSituation& situation) noexcept {
  return first_match(table, situation);
}

}  // namespace tidemark::format
