/** The subjects of MMLU by category, in the two mappings that are in use. */
import type { Categories } from './choice-suite.js';

/** Hendrycks' own mapping (hendrycks/test `categories.py`): anatomy is in other. */
export const HENDRYCKS_CATEGORIES: Categories = {
  STEM: [
    'abstract_algebra',
    'astronomy',
    'college_biology',
    'college_chemistry',
    'college_computer_science',
    'college_mathematics',
    'college_physics',
    'computer_security',
    'conceptual_physics',
    'electrical_engineering',
    'elementary_mathematics',
    'high_school_biology',
    'high_school_chemistry',
    'high_school_computer_science',
    'high_school_mathematics',
    'high_school_physics',
    'high_school_statistics',
    'machine_learning',
  ],
  'other (business, health, misc.)': [
    'anatomy',
    'business_ethics',
    'clinical_knowledge',
    'college_medicine',
    'global_facts',
    'human_aging',
    'management',
    'marketing',
    'medical_genetics',
    'miscellaneous',
    'nutrition',
    'professional_accounting',
    'professional_medicine',
    'virology',
  ],
  'social sciences': [
    'econometrics',
    'high_school_geography',
    'high_school_government_and_politics',
    'high_school_macroeconomics',
    'high_school_microeconomics',
    'high_school_psychology',
    'human_sexuality',
    'professional_psychology',
    'public_relations',
    'security_studies',
    'sociology',
    'us_foreign_policy',
  ],
  humanities: [
    'formal_logic',
    'high_school_european_history',
    'high_school_us_history',
    'high_school_world_history',
    'international_law',
    'jurisprudence',
    'logical_fallacies',
    'moral_disputes',
    'moral_scenarios',
    'philosophy',
    'prehistory',
    'professional_law',
    'world_religions',
  ],
};

/** lm-eval's and OpenCompass' mapping: the same but for anatomy, which is in STEM. */
export const LM_EVAL_CATEGORIES: Categories = Object.fromEntries(
  Object.entries(HENDRYCKS_CATEGORIES).map(([category, subjects]) => {
    const others = subjects.filter((subject) => subject !== 'anatomy');
    return [category, category === 'STEM' ? [...others, 'anatomy'].sort() : others];
  }),
);
