// What the published Java problems use of the javatuples library, written anew: values in a row, equal when their parts are.
package org.javatuples;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;

public abstract class Tuple implements Iterable<Object>, Comparable<Tuple> {
    private final List<Object> parts;

    Tuple(Object... parts) {
        this.parts = Collections.unmodifiableList(new ArrayList<>(Arrays.asList(parts)));
    }

    /** The tuple of one to four parts. */
    public static Tuple of(List<Object> parts) {
        switch (parts.size()) {
            case 1:
                return new Unit<>(parts.get(0));
            case 2:
                return new Pair<>(parts.get(0), parts.get(1));
            case 3:
                return new Triplet<>(parts.get(0), parts.get(1), parts.get(2));
            case 4:
                return new Quartet<>(parts.get(0), parts.get(1), parts.get(2), parts.get(3));
            default:
                throw new IllegalArgumentException("a tuple of " + parts.size() + " parts");
        }
    }

    public final int getSize() {
        return parts.size();
    }

    public final Object getValue(int at) {
        return parts.get(at);
    }

    public final List<Object> toList() {
        return new ArrayList<>(parts);
    }

    public final Object[] toArray() {
        return parts.toArray();
    }

    public final boolean contains(Object value) {
        return parts.contains(value);
    }

    @Override
    public final Iterator<Object> iterator() {
        return parts.iterator();
    }

    @Override
    @SuppressWarnings({"unchecked", "rawtypes"})
    public final int compareTo(Tuple other) {
        for (int at = 0; at < Math.min(getSize(), other.getSize()); at++) {
            int order = ((Comparable) parts.get(at)).compareTo(other.parts.get(at));
            if (order != 0) return order;
        }
        return Integer.compare(getSize(), other.getSize());
    }

    @Override
    public final boolean equals(Object other) {
        return other instanceof Tuple && parts.equals(((Tuple) other).parts);
    }

    @Override
    public final int hashCode() {
        return parts.hashCode();
    }

    @Override
    public final String toString() {
        return parts.toString();
    }
}
